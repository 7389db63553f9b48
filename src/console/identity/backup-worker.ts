/** Closes and opens backups, beside the page. */
import { keyFromPem, keyToPem, thumbprint } from "../../trust/keys.ts";
import { pemBlocks, toPem } from "../../trust/pem.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { answering } from "../parts/beside.ts";
import { refuse } from "./errors.ts";

/** PEM, neither of them encrypted. */
export interface PlainKeyed {
  readonly certificate: string;
  readonly key: string;
}
interface Close {
  readonly passphrase: string;
  readonly close: readonly PlainKeyed[];
}
interface Open {
  readonly passphrase: string;
  readonly open: string;
}
export type Asked = Close | Open;
export type Answer<A extends Asked> = A extends Close ? string : { authority: PlainKeyed; leaf: PlainKeyed };

const close = ({ passphrase, close: all }: Close): string =>
  all.map(({ certificate, key }) => certificate + keyToPem(keyFromPem(key), passphrase)).join("");

/** Certificates with the keys that fit them, wherever they stand in the file. */
const open = ({ passphrase, open: pem }: Open): Answer<Open> => {
  const blocks = pemBlocks(pem);
  const keys = blocks
    .filter(({ label }) => label.endsWith("PRIVATE KEY"))
    .map(({ label, der }) => keyFromPem(toPem(label, der), { passphrase }));
  const found = blocks
    .filter(({ label }) => label === "CERTIFICATE")
    .flatMap(({ der }) => {
      const certificate = parseCertificate(der);
      const key = keys.find(({ publicKey }) => thumbprint(publicKey) === thumbprint(certificate.publicKey));
      return key ? [{ isCa: certificate.isCa, certificate: toPem("CERTIFICATE", der), key: keyToPem(key) }] : [];
    });
  const authority = found.find(({ isCa }) => isCa);
  const leaf = found.findLast(({ isCa }) => !isCa);
  if (!authority || !leaf) throw refuse("identity.backup");
  return { authority, leaf };
};

answering((asked: Asked) => ("close" in asked ? close(asked) : open(asked)));
