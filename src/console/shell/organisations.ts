/** Organisations that this person acts for in this browser, to change between: never more than their names. */
import { read, write } from "../storage.ts";

interface Known {
  readonly login: string;
  /** Nickname of the organisation. */
  readonly name: string;
}
const NAME = "organisations";
const WANTED = "switch-to";
const MOST = 8;

export const knownOrganisations = (): readonly Known[] => read<readonly Known[]>(NAME, []);

/** The person leaves for another one, and will be back. */
export const rememberOrganisation = (one: Known): void =>
  write(NAME, [one, ...knownOrganisations().filter(({ login }) => login !== one.login)].slice(0, MOST));

/** The person has signed out. */
export const forgetOrganisation = (login: string): void =>
  write(
    NAME,
    knownOrganisations().filter((known) => known.login !== login),
  );

/** Whose password the door asks for next; nobody's in particular where it is undefined. */
export const wantNext = (login: string | undefined): void => write(WANTED, login);
export const wantedNext = (): string | undefined => read<string | undefined>(WANTED, undefined);
