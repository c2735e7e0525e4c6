/**
 * How high the frame must be for all that it shows: what it holds, not what it was given.
 */
export function naturalHeight() {
  const top = document.querySelector('.top')?.getBoundingClientRect().height ?? 0;
  return Math.ceil(top + (document.getElementById('player')?.scrollHeight ?? 0));
}
