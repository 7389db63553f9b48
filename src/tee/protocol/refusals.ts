/** Texts of whatever a program in a TEE refuses, for those who show them: its codes come over the channel without words. */
import "../attestation/errors.ts";
import "../attestation/tpm2/errors.ts";
import "../errors.ts";
