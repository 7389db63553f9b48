/** What a PCK certificate says of the machine: Intel SGX PCK Certificate and CRL Profile, section 1.3.5. */
import { type Bytes, toHex } from "../../../base/bytes.ts";
import {
  content,
  elements,
  OCTET_STRING,
  OID,
  oidText,
  only,
  SEQUENCE,
  smallInteger,
  type Tlv,
} from "../../crypto/der.ts";
import type { MakerCertificate } from "../certificates.ts";
import { demand } from "../checks.ts";

export interface PckPlatform {
  /** Versions of the sixteen components of the processor's TCB. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  /** Family, model and so on of the platform; hexadecimal. */
  readonly fmspc: string;
  readonly pceId: string;
  /** Names the machine towards Intel; hexadecimal. */
  readonly ppid: string;
}

const SGX = "1.2.840.113741.1.13.1";
const COMPONENTS = 16;

/** @throws Doubt, SyntaxError */
export const platformOf = ({ name, extensions }: MakerCertificate): PckPlatform => {
  const extension = extensions.get(SGX);
  demand(extension !== undefined, `${name} is not a PCK certificate`);
  const fields = byOid(only(extension, SEQUENCE));
  const tcb = byOid(content(fields.get(`${SGX}.2`), SEQUENCE));
  const svn = (i: number) => smallInteger(tcb.get(`${SGX}.2.${i}`));
  const hex = (i: number): string => toHex(content(fields.get(`${SGX}.${i}`), OCTET_STRING));
  return {
    components: Array.from({ length: COMPONENTS }, (_, i) => svn(i + 1)),
    pceSvn: svn(COMPONENTS + 1),
    ppid: hex(1),
    pceId: hex(3),
    fmspc: hex(4),
  };
};

/** SEQUENCE { identifier, value } each. */
const byOid = (list: Bytes): ReadonlyMap<string, Tlv> =>
  new Map(
    elements(list).flatMap((pair) => {
      const [oid, value] = elements(content(pair, SEQUENCE));
      return value ? [[oidText(content(oid, OID)), value]] : [];
    }),
  );
