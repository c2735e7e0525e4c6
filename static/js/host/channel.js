/**
 * What the frame and the page around it say to each other: `{namespace: 'vmviz', event, ...}` out, `{namespace: 'vmviz', method, args}` in.
 * Only the parent of the frame is heard, and only from an origin that is allowed: one that the server names, or, where it names none, the one
 * that said hello first. Nothing is told before that to anybody else.
 *
 * @typedef {(args: any) => unknown} Method  gives the code of an error, if there is one
 */
const NAMESPACE = 'vmviz';

/** Whether an origin is one of those allowed; `https://*.example.edu` allows every host below. @param {string} origin @param {string[]} origins */
export function allowed(origin, origins) {
  return origins.some((wanted) => {
    if (!wanted.includes('://*.')) return wanted.toLowerCase() === origin.toLowerCase();
    const [scheme, below] = wanted.toLowerCase().split('://*');
    const [of, host] = origin.toLowerCase().split('://');
    return of === scheme && Boolean(host?.endsWith(below));
  });
}

/** @param {{window: Window, origins: string[], greet: () => void, methods: Record<string, Method>}} parts */
export function createChannel({ window, origins, greet, methods }) {
  const { parent } = window;
  /** The origin that said hello. @type {string | null} */
  let partner = null;

  /** @param {string} event @param {Record<string, unknown>} [values] */
  function tell(event, values = {}) {
    if (parent === window) return;
    const message = { namespace: NAMESPACE, event, ...values };
    if (partner !== null) parent.postMessage(message, partner === 'null' ? '*' : partner);
    else for (const origin of origins) if (!origin.includes('*')) parent.postMessage(message, origin);
  }

  /** @param {MessageEvent} message */
  function hear({ source, origin, data }) {
    if (source !== parent || parent === window || data?.namespace !== NAMESPACE || typeof data.method !== 'string') return;
    if (origins.length ? !allowed(origin, origins) : partner !== null && partner !== origin) return;
    if (data.method === 'hello') {
      partner = origin;
      return greet();
    }
    if (partner === null) return;
    const method = Object.hasOwn(methods, data.method) ? methods[data.method] : null;
    const code = method ? method(typeof data.args === 'object' && data.args !== null ? data.args : {}) : 'unknown_method';
    if (typeof code === 'string') tell('error', { code, params: { method: data.method } });
  }
  window.addEventListener('message', hear);
  /** From now on somebody listens here: who wants to be told may say hello (again). */
  if (parent !== window) parent.postMessage({ namespace: NAMESPACE, event: 'hello' }, '*');
  return { tell };
}
