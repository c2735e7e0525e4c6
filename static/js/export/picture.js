/**
 * The picture as a file: a copy of the diagram that needs no style sheet, and what is made of several of them (a strip, an animation).
 * Everything is SVG text until the end; `toPng` paints it.
 */
const NS = 'http://www.w3.org/2000/svg';
const STYLES = /** @type {const} */ (['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin', 'opacity', 'font-family',
  'font-size', 'font-weight', 'letter-spacing', 'text-anchor', 'paint-order', 'visibility', 'display', 'unicode-bidi']);
/** What a browser draws when nothing is said. */
const USUAL = new Set(['', 'none 0px', 'normal', 'visible', 'inline', 'start', 'butt', 'miter', '1']);
const PAD = 16;
const CAPTION = 26;
const LINE = 18;

/** @typedef {{svg: string, width: number, height: number, title: string}} Picture  `svg`: what is inside the outermost element */

/** A copy of the diagram with every style written into it. @param {SVGSVGElement} diagram @param {string} title @returns {Picture} */
export function copyOf(diagram, title) {
  const copy = /** @type {SVGSVGElement} */ (diagram.cloneNode(true));
  const [from, to] = [diagram, copy].map((root) => [root, ...root.querySelectorAll('*')]);
  from.forEach((element, index) => {
    const style = getComputedStyle(element);
    const target = to[index];
    if (target.closest('defs') === null || target.closest('marker, pattern')) {
      for (const name of STYLES) {
        const value = style.getPropertyValue(name);
        if (!USUAL.has(value) || name === 'fill' || name === 'stroke') target.setAttribute(name, value);
      }
    }
    target.removeAttribute('class');
    for (const { name } of [...target.attributes]) if (/^(tabindex|role|on|data-|aria-)/.test(name) && name !== 'role') target.removeAttribute(name);
  });
  copy.querySelectorAll('title').forEach((element) => element.remove());
  const comments = document.createTreeWalker(copy, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  found.forEach((node) => /** @type {ChildNode} */ (node).remove());
  const { width, height } = diagram.viewBox.baseVal;
  const serializer = new XMLSerializer();
  const svg = [...copy.childNodes].map((node) => serializer.serializeToString(node)).join('').replaceAll(` xmlns="${NS}"`, '');
  return { svg, width, height, title };
}

/** @param {string} text */
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The ids of a picture made its own, so that several can share a file. @param {string} svg @param {number} n */
const apart = (svg, n) => svg.replaceAll(/ id="([^"]+)"/g, ` id="p${n}-$1"`).replaceAll(/url\((?:&quot;|")?#([^)"&]+)(?:&quot;|")?\)/g, `url(#p${n}-$1)`);

/** @param {{ink: string, paper: string, font: string}} colours @param {number} width @param {number} height @param {string} title @param {string} inside */
const file = ({ ink, paper, font }, width, height, title, inside) => `<svg xmlns="${NS}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" fill="${ink}" font-family="${escape(font)}" font-size="13"><title>${escape(title)}</title><rect width="${width}" height="${height}" fill="${paper}"/>${inside}</svg>`;

/** A caption in lines of at most `room` pixels. @param {string} text @param {number} room @param {number} most */
export function wrapped(text, room, most) {
  const fits = Math.max(8, Math.floor(room / 7));
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length > most ? [...lines.slice(0, most - 1), `${lines.slice(most - 1).join(' ').slice(0, fits - 1)}…`] : lines;
}

/** @param {string} text @param {number} x @param {number} y @param {number} room @param {number} most */
const caption = (text, x, y, room, most) => wrapped(text, room, most).map((line, n) => `<text x="${x}" y="${y + n * LINE}"${n ? '' : ' font-weight="600"'}>${escape(line)}</text>`).join('');

/** One picture with its words below. @param {Picture} picture @param {{ink: string, paper: string, font: string}} colours */
export function single(picture, colours) {
  const { svg, width, height, title } = picture;
  const lines = wrapped(title, width, 4).length;
  return file(colours, width + 2 * PAD, height + 2 * PAD + CAPTION + lines * LINE, title,
    `<g transform="translate(${PAD} ${PAD})">${svg}</g>${caption(title, PAD, height + PAD + CAPTION, width, 4)}`);
}

/** Pictures side by side in rows, numbered, for a slide. @param {Picture[]} pictures @param {{ink: string, paper: string, font: string}} colours */
export function strip(pictures, colours) {
  const columns = pictures.length <= 3 ? pictures.length : Math.ceil(Math.sqrt(pictures.length));
  const scale = 0.62;
  const [w, h] = [pictures[0].width * scale, Math.max(...pictures.map(({ height }) => height)) * scale + CAPTION + 3 * LINE];
  const inside = pictures.map(({ svg, height, title }, n) => {
    const [x, y] = [PAD + (n % columns) * (w + PAD), PAD + Math.floor(n / columns) * (h + PAD)];
    return `<g transform="translate(${x} ${y})"><g transform="scale(${scale})">${apart(svg, n)}</g>${caption(title, 0, height * scale + CAPTION, w, 3)}</g>`;
  }).join('');
  const rows = Math.ceil(pictures.length / columns);
  return file(colours, PAD + columns * (w + PAD), PAD + rows * (h + PAD), `${pictures[0].title} … ${pictures.at(-1)?.title}`, inside);
}

/** Pictures one after the other, without end; stands still at the first where motion is not wanted. @param {Picture[]} pictures @param {{ink: string, paper: string, font: string}} colours @param {number} seconds  for each */
export function animation(pictures, colours, seconds) {
  const [width, height] = [pictures[0].width, Math.max(...pictures.map((picture) => picture.height))];
  const all = pictures.length * seconds;
  const inside = pictures.map(({ svg, title }, n) => {
    const from = n / pictures.length;
    const to = (n + 1) / pictures.length;
    const values = n === 0 ? `visible;hidden` : `hidden;visible${to < 1 ? ';hidden' : ''}`;
    const times = n === 0 ? `0;${to}` : `0;${from}${to < 1 ? `;${to}` : ''}`;
    return `<g${n ? ' visibility="hidden"' : ''}>${pictures.length > 1 ? `<animate attributeName="visibility" calcMode="discrete" values="${values}" keyTimes="${times}" dur="${all}s" repeatCount="indefinite"/>` : ''}
      <g transform="translate(${PAD} ${PAD})">${apart(svg, n).replaceAll(' visibility="visible"', '')}</g>${caption(title, PAD, height + PAD + CAPTION, width, 3)}</g>`;
  }).join('');
  return file(colours, width + 2 * PAD, height + 2 * PAD + CAPTION + 3 * LINE, pictures[0].title, inside);
}

/** The file painted, at `scale` pixels for each of its own. @param {string} svg @param {number} [scale] @returns {Promise<Blob>} */
export async function toPng(svg, scale = 2) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  const most = Math.min(scale, 8000 / Math.max(image.width, image.height));
  [canvas.width, canvas.height] = [image.width * most, image.height * most];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => { canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('nothing painted'))), 'image/png'); });
}
