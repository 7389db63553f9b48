/** What the operator says of the TPM: where it is, and which of its registers are used. All of it may be left out. */
import { z } from "zod";
import { refuse } from "./errors.ts";

const Register = z
  .string()
  .regex(/^(\d|1[0-5])$/)
  .transform(Number);

const Options = z.strictObject({
  /** A device, a Unix socket, or `host:port`. */
  device: z.string().min(1).max(256).default("/dev/tpmrm0"),
  /**
   * The register that the program is measured into. It must be zero when the machine has started, and not resettable
   * (16 and 23 are). 8 and 9 are GRUB's, 10 that of Linux' IMA, 11, 12 and 15 systemd's, 14 that of shim: 13 is what
   * remains, as long as no system extensions are in use.
   */
  program: Register.refine((register) => register >= 8, "one of 8 to 15").default(13),
  /**
   * The registers of the boot, with commas between them, quoted and sealed to: firmware, option ROMs, boot loader,
   * Secure Boot, and GRUB's command line and files. An update of any of these makes what was sealed before unreadable,
   * and is meant to.
   */
  boot: z
    .string()
    .transform((text) => text.split(",").filter(Boolean))
    .pipe(z.array(Register))
    .default([0, 2, 4, 7, 8, 9]),
  /** A file (PEM) with the certificates of the manufacturer that the TPM itself does not hold. */
  certificates: z.string().optional(),
});
export type TpmSettings = z.output<typeof Options>;
export type TpmOptions = Readonly<Record<string, string>>;

/** @throws Refusal tpm.settings */
export const readSettings = (options: TpmOptions): TpmSettings => {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw refuse("tpm.settings", { reason: z.prettifyError(parsed.error) });
  const { program, boot } = parsed.data;
  if (boot.includes(program)) throw refuse("tpm.settings", { reason: `register ${program} cannot be one of the boot` });
  return parsed.data;
};
