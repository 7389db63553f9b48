/** Text of others with what forges other text made visible: controls, and what turns the direction of reading. */
const FORGING = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

export const harmless = (text: string): string =>
  text.replace(FORGING, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
