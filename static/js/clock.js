/**
 * One clock drives all motion. A motion is a decoration over a picture that is already final, so it can be completed at
 * any moment: `finish` ends all that runs, at once. With reduced motion nothing ever runs.
 */

const reduced = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function createClock() {
  /** @type {{animation: Animation, ended?: () => void}[]} */
  let running = [];
  return {
    /** Whether motion is wanted at all. */
    get moves() { return !reduced() && document.visibilityState === 'visible'; },
    /** @param {Element} element @param {Keyframe[]} keyframes @param {KeyframeAnimationOptions} options @param {() => void} [ended] */
    run(element, keyframes, options, ended) {
      const entry = { animation: element.animate(keyframes, options), ended };
      running.push(entry);
      entry.animation.onfinish = () => {
        running = running.filter((other) => other !== entry);
        ended?.();
      };
    },
    /** Completes everything that moves. */
    finish() {
      const all = running;
      running = [];
      for (const { animation, ended } of all) {
        animation.onfinish = null;
        animation.cancel();
        ended?.();
      }
    },
    get busy() { return running.length > 0; },
  };
}
/** @typedef {ReturnType<typeof createClock>} Clock */
