/** Native dialogs that are part of the drawn page: whether they are open is in the state. */

/** Opens and closes the native dialogs as the state says. @param {HTMLElement} host @param {import('../types').State} state */
export function syncDialogs(host, state) {
  for (const [id, open] of /** @type {[string, boolean][]} */ ([['help', state.help], ['go-to', state.goTo]])) {
    const dialog = /** @type {HTMLDialogElement | null} */ (host.querySelector(`#${id}`));
    if (!dialog || dialog.open === open) continue;
    if (open) {
      dialog.showModal();
      dialog.querySelector('input[type=text]')?.dispatchEvent(new Event('focus'));
      /** @type {HTMLInputElement | null} */ (dialog.querySelector('input[type=text]'))?.select();
    } else dialog.close();
  }
}
