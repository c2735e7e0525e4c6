/**
 * What a learner can do with what the browser keeps: save it as a file, load one, forget it. The server has drawn the buttons; without
 * storage they are not shown, and it is said why.
 */
import { fromFile, LARGEST, merged, nothingKept, toFile } from '../model/progress.js';
import { allKept, canKeep, forgetAll, keepAll } from '../progress_kept.js';

/** @param {import('../types').Translate} t @param {() => void} changed  is called when other things are kept than before */
export function progressBox(t, changed) {
  const box = document.getElementById('progress');
  if (!box) return;
  const part = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(`progress-${id}`));
  const say = (/** @type {string} */ words) => { part('said').textContent = words; };
  box.hidden = false;
  if (!canKeep()) {
    for (const element of box.querySelectorAll('.what, .buttons')) /** @type {HTMLElement} */ (element).hidden = true;
    say(t('home.word.blocked'));
    return;
  }
  part('save').addEventListener('click', save);
  part('load').addEventListener('click', () => part('file').click());
  part('file').addEventListener('change', async () => {
    const [file] = part('file').files;
    part('file').value = '';
    if (file) say(await load(file, t));
    changed();
  });
  part('forget').addEventListener('click', () => {
    part('sure').returnValue = '';
    part('sure').showModal();
  });
  part('sure').addEventListener('close', () => {
    if (part('sure').returnValue !== 'yes') return;
    forgetAll();
    say(t('home.word.forgotten'));
    changed();
  });
}

function save() {
  const now = new Date();
  const url = URL.createObjectURL(new Blob([toFile(allKept(), now)], { type: 'application/json' }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: `vmviz-progress-${now.toISOString().slice(0, 10)}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Adds what a file holds to what is kept; gives the words about it. @param {File} file @param {import('../types').Translate} t */
async function load(file, t) {
  if (file.size > LARGEST) return t('home.word.refused.size');
  const read = fromFile(await file.text().catch(() => ''));
  if ('refused' in read) return t(`home.word.refused.${read.refused}`);
  const mine = allKept();
  const together = new Map([...read.all].map(([name, kept]) => [name, merged(mine.get(name) ?? nothingKept(), kept)]));
  if (!keepAll(together)) return t('home.word.full');
  return t('home.word.loaded', { count: new Set([...together.keys()].map((name) => name.split('?')[0])).size });
}
