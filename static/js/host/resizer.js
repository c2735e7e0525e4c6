/**
 * For a page that holds frames of vmviz: gives each the height that it asks for. At most 1 KB on the wire, no names of its own.
 * Hello; prepare: the frame gets its smallest height, so that it can shrink; prepared; resize: it gets what it needs.
 */
(() => {
  const own = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;
  const frames = () => [...document.querySelectorAll('iframe')].filter(({ src }) => {
    try { return new URL(src).origin === own; } catch { return false; }
  });
  const say = (/** @type {HTMLIFrameElement} */ frame, /** @type {string} */ method) => frame.contentWindow?.postMessage({ namespace: 'vmviz', method, args: {} }, '*');
  addEventListener('message', ({ data, source }) => {
    if (data?.namespace !== 'vmviz') return;
    const frame = frames().find(({ contentWindow }) => contentWindow === source);
    if (frame && data.event === 'hello') say(frame, 'hello');
    if (!frame || !(data.height > 0)) return;
    if (data.event === 'prepare') {
      frame.style.height = '240px';
      say(frame, 'prepared');
    } else if (data.event === 'resize') frame.style.height = `${Math.min(data.height, 4000)}px`;
  });
  const greet = () => frames().forEach((frame) => {
    if (!frame.dataset.vmviz) frame.addEventListener('load', () => say(frame, 'hello'));
    frame.dataset.vmviz = 'greeted';
    say(frame, 'hello');
  });
  greet();
  addEventListener('DOMContentLoaded', greet);
  addEventListener('load', greet);
})();
