/**
 * Closer looks that are not in the scene: memory, the translation of an address, bitmaps and MSR areas, the TLB, one instruction. Asked for when
 * what shows one is open and the position has changed; only the latest wish is asked, so that a held key does not queue.
 */
import { kindsAt, tablesOf, tableVmcs } from './model/bitmaps.js';
import { lookedAt } from './model/selectors.js';

/** The processor that is looked at, where the learner chose one. @param {import('./types').Look} look */
const whose = ({ processor }) => (processor ? { processor: Number(processor) } : {});

/** @param {{store: import('./store.js').Store, link: import('./socket.js').Link}} parts */
export function createLooks({ store, link }) {
  /** What the open tab needs at this position; empty when it needs nothing. @param {import('./types').State} state */
  const forTab = (state) => {
    const { tab, position, look, scene, connection } = state;
    if (!scene || connection !== 'open' || (tab !== 'memory' && tab !== 'tlb')) return '';
    return `${tab} ${position.step}.${position.phase} ${look.address} ${look.access} ${tab === 'memory' ? kindsAt(state).kind : ''} ${look.processor}`;
  };
  /** What a picture from close needs. @param {import('./types').State} state */
  const forLevel = ({ level, position, scene, connection }) => (!scene || connection !== 'open' || level !== 'instruction' ? '' : `${position.step}.${position.phase}`);

  follow(forTab, 'of', async (state) => {
    if (state.tab === 'tlb') return { tlb: await link.send('inspect', { what: 'tlb', ...whose(state.look) }) };
    const { kind } = kindsAt(state);
    return kind ? { tables: await tables(kind) } : memory(state.look);
  });
  follow(forLevel, 'closeOf', async () => ({ close: await link.send('inspect', { what: 'instruction' }) }));

  /**
   * Asks again whenever what is needed has changed. @param {(state: import('./types').State) => string} need @param {'of' | 'closeOf'} mark  where the look keeps what it answers
   * @param {(state: import('./types').State) => Promise<Partial<import('./types').Look>>} find
   */
  function follow(need, mark, find) {
    let asking = false;
    let wanted = '';
    async function ask() {
      asking = true;
      while (wanted) {
        const now = wanted;
        const found = await find(store.state);
        if (now === wanted) wanted = '';
        store.update({ look: { ...store.state.look, ...found, [mark]: now } });
      }
      asking = false;
    }
    store.subscribe((state) => {
      const now = need(state);
      if (!now || now === state.look[mark] || now === wanted) return;
      wanted = now;
      if (!asking) ask();
    });
  }

  /** The translation of the address, and the bytes where it leads. @param {import('./types').Look} look */
  async function memory(look) {
    const { address, access, bytes: old, at: before } = look;
    const { scene } = store.state;
    const linear = address || (scene && lookedAt(scene, look)?.rip) || '0';
    const walk = await link.send('inspect', { what: 'translation', range: { address: linear }, access, ...whose(look) });
    if (!walk.ok || walk.physical === undefined) return { walk, bytes: '', at: '', old: '' };
    const at = (BigInt(`0x${walk.physical}`) & ~7n).toString(16);
    const room = 4096 - (parseInt(at.slice(-3), 16) || 0);
    const piece = await link.send('inspect', { what: 'memory', range: { address: at, length: Math.min(192, room) } });
    return { walk, bytes: piece.ok ? piece.bytes : '', at, old: before === at ? old : '' };
  }

  /** The bitmap or the MSR areas of a VMCS, as they lie in memory. @param {string} kind */
  async function tables(kind) {
    const vmcs = tableVmcs(store.state);
    const parts = tablesOf(store.state.scene?.vmcs[vmcs]).find((table) => table.kind === kind)?.parts ?? [];
    return { kind, vmcs, parts: await Promise.all(parts.map(async (part) => {
      const piece = await link.send('inspect', { what: 'memory', range: { address: part.address, length: part.length } });
      return { ...part, bytes: piece.ok ? piece.bytes : '' };
    })) };
  }
}
