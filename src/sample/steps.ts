/** How many steps the story has that results in a sealed file. */
export const STEPS = 17;
