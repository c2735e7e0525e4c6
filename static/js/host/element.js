/**
 * `<vmviz-lesson name="first-guests" step="37.3" lang="pt-BR" theme="dark" controls="min">` for pages that allow scripts: a frame of the right
 * height. The frame's events arrive as `vmviz-ready`, `vmviz-stepchanged`, ... with what they tell in `detail`; `next()`, `seek(37)` and
 * the other methods of docs/embedding.md are methods of the element.
 */
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const base = new URL('.', script).href;
  const { origin } = new URL(script);
  const METHODS = ['next', 'previous', 'nextStop', 'previousStop', 'nextExit', 'previousExit', 'restart', 'play', 'pause'];

  class VmvizLesson extends HTMLElement {
    static observedAttributes = ['name', 'step', 'lang', 'theme', 'controls', 'seed', 'drive', 'title'];
    frame = document.createElement('iframe');
    hear = (/** @type {MessageEvent} */ { source, data }) => {
      if (source !== this.frame.contentWindow || data?.namespace !== 'vmviz') return;
      if (data.event === 'hello') this.say('hello');
      else if (data.event === 'prepare') {
        this.frame.style.height = '240px';
        this.say('prepared');
      } else if (data.event === 'resize') this.frame.style.height = `${Math.min(data.height, 4000)}px`;
      else this.dispatchEvent(new CustomEvent(`vmviz-${data.event}`, { detail: data, bubbles: true, composed: true }));
    };

    constructor() {
      super();
      this.frame.style.cssText = 'display:block;width:100%;height:600px;border:0';
      this.frame.allow = 'fullscreen; clipboard-write';
      this.frame.addEventListener('load', () => this.say('hello'));
      this.attachShadow({ mode: 'open' }).append(this.frame);
    }

    connectedCallback() {
      addEventListener('message', this.hear);
      this.show();
    }

    disconnectedCallback() { removeEventListener('message', this.hear); }

    attributeChangedCallback() { if (this.isConnected) this.show(); }

    show() {
      const url = new URL(`${base}${encodeURIComponent(this.getAttribute('name') ?? '')}`);
      for (const key of ['lang', 'theme', 'controls', 'seed', 'drive']) if (this.hasAttribute(key)) url.searchParams.set(key, this.getAttribute(key) ?? '');
      if (this.hasAttribute('step')) url.hash = `step=${this.getAttribute('step')}`;
      this.frame.title = this.getAttribute('title') ?? `vmviz: ${this.getAttribute('name')}`;
      if (this.frame.src !== url.href) this.frame.src = url.href;
    }

    /** @param {string} method @param {object} [args] */
    say(method, args = {}) { this.frame.contentWindow?.postMessage({ namespace: 'vmviz', method, args }, origin); }

    /** @param {number} step @param {number} [phase] */
    seek(step, phase = 0) { this.say('seek', { step, phase }); }
  }
  for (const method of METHODS) Object.defineProperty(VmvizLesson.prototype, method, { value() { this.say(method); } });
  if (!customElements.get('vmviz-lesson')) customElements.define('vmviz-lesson', VmvizLesson);
})();
