/** Small things kept in this browser. Never a secret: keys lie in IndexedDB, where no script can read them out. */
const PREFIX = "entente.";

/** @returns `otherwise` where nothing is kept, or it can't be read */
export const read = <T>(name: string, otherwise: T): T => {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? otherwise : (JSON.parse(kept) as T);
  } catch {
    return otherwise;
  }
};

/** Of everything whose name begins so. */
export const forgetAll = (beginning: string): void => {
  try {
    for (const name of Object.keys(localStorage))
      if (name.startsWith(PREFIX + beginning)) localStorage.removeItem(name);
  } catch {
    // Nothing is kept, then.
  }
};

/** Undefined forgets. A browser that keeps nothing is no reason to fail. */
export const write = (name: string, value: unknown): void => {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or forbidden: then it lasts as long as the page.
  }
};
