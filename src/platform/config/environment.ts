/** The one place that reads the process's environment. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

/** Variables with this prefix belong to the command line client; the server's settings leave them alone. */
export const CLIENT_PREFIX = "ENTENTE_CLI_";
