/** Texts of whatever a key node refuses, for those who show them: its codes come over the channel without words. */
import "../../tee/protocol/refusals.ts";
import "../errors.ts";
