/**
 * Where a VM entry or another VMX instruction failed among all that it asks: the groups in order, those passed, the one that decided with its rule lit, those that
 * were not reached. A script of its own, with the list of rows, loaded at the first step in which one fails.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/checks.js').Group} Group
 * @typedef {import('../model/checks.js').Ladder} Ladder
 */
import { html, nothing } from 'lit-html';
import { more } from '../catalogue.js';
import { around, ladder } from '../model/checks.js';
import { groupName, groupState, ladderText, ladderTitle, rowCode, rowRule, rowState } from '../model/checks_text.js';
import { withQuery } from '../model/reference.js';

const SIGNS = { passed: '✓', failed: '✗', ahead: '·' };
const EXITED = '↓';
/** @type {Promise<import('../model/checks.js').Checks> | undefined} */
let loading;

/** The rows that the server has, with their words. @param {import('../types').Boot} boot */
function rowsOf({ prefix, lang }) {
  loading ??= Promise.all([fetch(`${prefix}/api/checks`), more('checks', lang)]).then(([answer]) => {
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** What draws the list. @param {import('../types').Boot} boot */
export async function load(boot) {
  const checks = await rowsOf(boot);
  return (/** @type {Context} */ { state, t }) => {
    const all = ladder(checks, state);
    return all ? list(all, boot, t) : nothing;
  };
}

/** What writes the list as text. @param {import('../types').Boot} boot */
export async function loadText(boot) {
  const checks = await rowsOf(boot);
  return (/** @type {Context} */ { state, t }) => {
    const all = ladder(checks, state);
    return all ? html`<h3>${ladderTitle(all, t)}</h3><ol>${ladderText(all, t).map(({ line, rules }) => html`<li>${line}${rules.length ? html`<ul>${rules.map((rule) => html`<li>${rule}</li>`)}</ul>` : nothing}</li>`)}</ol><p class="source">${all.section ? html`${t('story.rule.section', { section: all.section })} · ` : nothing}${link(all, boot, t)}</p>` : nothing;
  };
}

/** To the lit rule in the reference. @param {Ladder} ladder @param {import('../types').Boot} boot @param {import('../types').Translate} t */
function link({ page, check }, { prefix }, t) {
  return html`<a href="${withQuery(`${prefix}${page}`, location.search)}#${encodeURIComponent(check)}" target="_blank" rel="noopener">${t('checks.reference')}</a>`;
}

/** @param {Ladder} all @param {import('../types').Boot} boot @param {import('../types').Translate} t */
function list(all, boot, t) {
  const title = ladderTitle(all, t);
  return html`<section class="checks" aria-label=${title}><h3>${title}</h3>
    <ol>${all.groups.map((group) => html`<li class="check-group ${group.standing} ${group.kind ?? ''}"><span class="sign" aria-hidden="true">${sign(group, group)}</span><b>${groupName(group, t)}</b>
      <span>${groupState(group, t)}</span>
      ${group.standing === 'failed' ? cut(group, t) : nothing}</li>`)}</ol>
    <p class="source">${all.exit ? html`${t('story.rule.section', { section: all.section })} · ` : nothing}${link(all, boot, t)}</p></section>`;
}

/** @param {{standing: import('../model/checks.js').Standing}} it @param {Group} group */
const sign = ({ standing }, { kind }) => (standing === 'failed' && kind === 'exit' ? EXITED : SIGNS[standing]);

/** @param {Group} group @param {import('../types').Translate} t */
function cut(group, t) {
  const { before, here, after } = around(group);
  const folded = (/** @type {import('../model/checks.js').Row[]} */ some, /** @type {string} */ key) => (some.length
    ? html`<details><summary>${t(key, { count: some.length })}</summary>${rows(some, group, t)}</details>` : nothing);
  return html`${folded(before, 'checks.before')}${rows(here, group, t)}${folded(after, 'checks.after')}`;
}

/** @param {import('../model/checks.js').Row[]} some @param {Group} group @param {import('../types').Translate} t */
function rows(some, group, t) {
  return html`<ul>${some.map((row) => html`${row.title ? html`<li class="check-title" lang="en" dir="auto">${row.title}</li>` : nothing}
    <li class="check ${row.standing}" aria-current=${row.standing === 'failed' ? 'true' : nothing}><span class="sign" aria-hidden="true">${sign(row, group)}</span><span>${rowRule(row, t)}<span class="hear"> (${rowState(row, group, t)})</span></span>${rowCode(row) ? html`<code>${rowCode(row)}</code>` : nothing}</li>`)}</ul>`;
}
