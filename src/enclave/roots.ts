/** Root certificates that a sealed connection names: nothing else is trusted. */
import { X509Certificate } from "node:crypto";

/**
 * The certificates of a PEM text, each alone. To be called before anything is given to Node.js as `ca`, which falls
 * back to public roots where it finds no certificate in the text.
 * @returns undefined where there is none, or one is not readable
 */
export const pinnedRoots = (pem: string): string[] | undefined => {
  const roots = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return roots.length > 0 && roots.every(isCertificate) ? roots : undefined;
};

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
};
