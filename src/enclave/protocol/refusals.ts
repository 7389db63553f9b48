/** Texts of whatever an enclave refuses, for those who show them: its codes come over the channel without words. */
import "../../tee/protocol/refusals.ts";
import "../columns/errors.ts";
import "../databases/errors.ts";
import "../errors.ts";
import "../files/errors.ts";
import "../gate/errors.ts";
import "../objects/errors.ts";
import "../runners/errors.ts";
import "../runners/sql/errors.ts";
import "../runners/wasm/errors.ts";
