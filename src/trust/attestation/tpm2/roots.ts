/**
 * The manufacturers' root certificates, by their SHA-256: evidence brings the certificates themselves. Each is as its
 * manufacturer publishes it (the address stands beside it), and as the collection github.com/loicsikidi/
 * tpm-ca-certificates of 2026-04-11 has it; those marked * are in the certificate store of Keylime as well, bit by bit.
 */
export const MANUFACTURER_ROOTS: ReadonlyMap<string, string> = new Map([
  // ftpm.amd.com/pki/aia
  ["14aac9fd58471a612afd75d8c0955daf99f091b1863702f9e0d4113faf234f9d", "AMD AMDTPM ECC"],
  ["67bd2472a546751caca5f358a78f80727531671338960a9bcfdfbe6a34d0c6a1", "AMD AMDTPM RSA"],
  // pki.infineon.com
  ["cfeb02fecd55ad7a73c6e1d11985d4c47dee248ab63dcb66091a2489660443c3", "Infineon OPTIGA(TM) ECC Root CA"], // *
  ["ee0c827555c4e9012037df4257bb8aaa26084a17b13ede41cd7895c8d6c11190", "Infineon OPTIGA(TM) ECC Root CA 2"],
  ["899e35474c9807eb4c7f2f7a12da0028fb250cd02154d0009fca7d9c66574f3b", "Infineon OPTIGA(TM) RSA Root CA"], // *
  ["b413c71580af3ec5efe83fad31db2d4af4612355e3b01e50903b10763d738894", "Infineon OPTIGA(TM) RSA Root CA 2"],
  // tsci.intel.com/content/OnDieCA
  ["beb40bb7507b33967226aa80e084749fbb6593893c642e818d682e9a8d07fc24", "Intel OnDie CA"],
  // www.nuvoton.com/security/NTC-TPM-EK-Cert
  ["083e7bd13e8fe0bb9b0c64db9e0c8356681df65714d2d5c4925eb98ae1369d40", "Nuvoton NPCTxxx ECC521 RootCA"],
  ["2782e51a95e86d9557fe4204316cf805bd6f5898f81f9732e944d742bcdc5f54", "Nuvoton TPM Root CA 1110"], // *
  ["e38c280f7c0e0b49f31efc7531032bb6a86c3fba4eb89beb1d510eaa4510ae4a", "Nuvoton TPM Root CA 1111"], // *
  ["cd8185ff8995ed09811970090a8c36fafab34ef87f47fa51fdb9ecf95c9c2e04", "Nuvoton TPM Root CA 2111"], // *
  ["66e3a1013d4f697700f731e7d68c69b58351f90ec9580d85862d020ab4abf1af", "Nuvoton TPM Root CA 2112"],
  ["ba70a6ea7b77c7fee8947a07b1e70e0b26d39ce5e6307f63d5e4b9507f19a157", "Nuvoton TPM Root CA 1210"],
  ["fc61abbc18100f460205ebe09d8c3e6995ac2be2234344a7facb62e15f9a7584", "Nuvoton TPM Root CA 2210"],
  ["2bbc5db224b8f28a6d2cf336d4da7ab21c8c490e3d60ef497801dc0b6ac00227", "Nuvoton TPM Root CA 2211"],
  // secure.globalsign.com/cacert, for STMicroelectronics
  [
    "5a8c7b5eb888cfce9322068e80e82b28b554ffeb7fdc9638dcb3763077401d26",
    "GlobalSign Trusted Platform Module ECC Root CA",
  ],
  ["f27bf02c6e00c73d915eeb6a6a2f5fbf0c31ae0393149e6b5c31e41b113841c3", "GlobalSign Trusted Platform Module Root CA"], // *
  // sw-center.st.com/STSAFE
  ["fd1e7b68accd825636b27b3177c67402d463a7f04c97b6c47ab705fcdc1a04f6", "STSAFE ECC Root CA 02"],
  ["c8f179943356e13d9d84b100201cefabbf408880241e5329e60d950ce1dea623", "STSAFE RSA Root CA 02"],
]);
