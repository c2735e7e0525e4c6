/** What room there is decides where the parts of the player stand. */

/** Two columns need so many pixels: a window of 1440 at a zoom of 200 % has the narrow layout. */
const NARROW = 860;
/** How much larger everything is for a hall: `zoom` in large.css. */
export const LARGER = 1.35;

/**
 * Whether the narrow layout is drawn: on a narrow page, and in a frame that has no room for two columns. The height of a frame that fits what it
 * shows (`natural`) must not decide what it shows. @param {{width: number, height: number, embed: boolean, natural: boolean}} room
 */
export function isCompact({ width, height, embed, natural }) {
  return embed ? width < 1000 || (height < 700 && !natural) : width < NARROW;
}
