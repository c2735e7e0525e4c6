/**
 * Where a VM entry failed among all its checks: the groups in order, those passed, the one that failed with its rule lit, those that were not reached.
 * A script of its own, with the list of rows, loaded at the first entry that fails.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { more } from '../catalogue.js';
import { around, failedCheck, standings } from '../model/checks.js';
import { firstOf } from '../model/words.js';

const SIGNS = { passed: '✓', failed: '✗', ahead: '·' };

/** The rows that the server has, and what draws them. @param {import('../types').Boot} boot */
export async function load({ prefix, lang }) {
  const [answer] = await Promise.all([fetch(`${prefix}/api/checks`), more('checks', lang)]);
  if (!answer.ok) throw new Error(String(answer.status));
  /** @type {import('../model/checks.js').Checks} */
  const checks = await answer.json();
  return (/** @type {Context} */ { state, t }) => list(standings(checks, failedCheck(state), state.events), t);
}

/** @param {import('../model/checks.js').Group[]} groups @param {import('../types').Translate} t */
function list(groups, t) {
  return html`<section class="checks" aria-label=${t('checks.title')}><h4>${t('checks.title')}</h4>
    <ol>${groups.map((group) => html`<li class="check-group ${group.standing}"><span class="sign" aria-hidden="true">${SIGNS[group.standing]}</span><b>${t(`checks.${group.id}`)}</b>
      <span>${group.standing === 'failed' ? t('checks.failed', { number: group.failed + 1, total: group.rows.length }) : t(`checks.${group.standing}`, { count: group.rows.length })}</span>
      ${group.standing === 'failed' ? cut(group, t) : nothing}</li>`)}</ol></section>`;
}

/** @param {import('../model/checks.js').Group} group @param {import('../types').Translate} t */
function cut(group, t) {
  const { before, here, after } = around(group);
  const folded = (/** @type {import('../model/checks.js').Row[]} */ some, /** @type {string} */ key) => (some.length
    ? html`<details><summary>${t(key, { count: some.length })}</summary>${rows(some, t)}</details>` : nothing);
  return html`${folded(before, 'checks.before')}${rows(here, t)}${folded(after, 'checks.after')}`;
}

/** @param {import('../model/checks.js').Row[]} some @param {import('../types').Translate} t */
function rows(some, t) {
  return html`<ul>${some.map(({ id, title, standing }) => html`${title ? html`<li class="check-title" lang="en" dir="auto">${title}</li>` : nothing}
    <li class="check ${standing}" aria-current=${standing === 'failed' ? 'true' : nothing}><span class="sign" aria-hidden="true">${SIGNS[standing]}</span><span>${firstOf(t, [`check.${id}`, id])}<span class="hear"> (${t(`check_state.${standing}`)})</span></span></li>`)}</ul>`;
}
