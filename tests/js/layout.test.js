/** The picture's geometry: for one to six VMs, wide and narrow, nothing leaves the picture and nothing that must not overlap does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardRows, layout, rootBoxes } from '../../static/js/model/layout.js';

const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'];
const regions = [{ id: 'one', where: 'root', ring: 0 }, { id: 'two', where: 'root', ring: 0 }, { id: 'kernel', where: 'A', ring: 0 }, { id: 'app', where: 'B', ring: 3 }];
const sizes = [{ width: 896, height: 540, compact: false }, { width: 620, height: 440, compact: false }, { width: 1200, height: 700, compact: false },
  { width: 616, height: 300, compact: true }, { width: 368, height: 332, compact: true }];

/** @typedef {import('../../static/js/model/layout.js').Box} Box */
const inside = (/** @type {Box} */ a, /** @type {Box} */ b) => a.x >= b.x - 0.5 && a.y >= b.y - 0.5 && a.x + a.w <= b.x + b.w + 0.5 && a.y + a.h <= b.y + b.h + 0.5;
const apart = (/** @type {Box} */ a, /** @type {Box} */ b) => a.x + a.w <= b.x + 0.5 || b.x + b.w <= a.x + 0.5 || a.y + a.h <= b.y + 0.5 || b.y + b.h <= a.y + 0.5;

for (const size of sizes) {
  for (let count = 1; count <= 6; count += 1) {
    const vms = LETTERS.slice(0, count);
    for (const focus of [vms[0], vms[count - 1]]) {
      test(`${count} VMs at ${size.width}x${size.height}, ${focus} in focus`, () => {
        const place = layout({ ...size, vms, focus, regions, longest: { one: 60, two: 90, kernel: 80, app: 30 } });
        const picture = { x: 0, y: 0, w: size.width, h: Math.max(size.height, place.height) };
        for (const box of [place.guestBand, place.rootBand, ...(place.processor ? [place.processor] : [])]) assert.ok(inside(box, picture), JSON.stringify(box));
        assert.ok(apart(place.guestBand, place.rootBand));
        assert.ok(inside(place.vmm, place.rootBand));
        for (const [index, vm] of place.vms.entries()) {
          assert.ok(inside(vm.box, place.guestBand), `VM ${vm.id} in the band`);
          if (index) assert.ok(apart(vm.box, place.vms[index - 1].box), `VM ${vm.id} beside the one before`);
          assert.ok(vm.entry.x < vm.exit.x, 'entry on the left, exit on the right');
          assert.ok(vm.entry.from > vm.entry.to && vm.exit.to > vm.exit.from, 'entry goes up, exit comes down');
          for (const region of vm.regions) assert.ok(inside(region, vm.box), `region ${region.id} in its VM`);
          if (!vm.vmcs || !vm.cells) continue;
          assert.ok(vm.vmcs.x > vm.entry.x && vm.vmcs.x + vm.vmcs.w < vm.exit.x, 'the VMCS between the arrows');
          assert.ok(apart(vm.vmcs, place.guestBand) && apart(vm.vmcs, place.rootBand), 'the VMCS in memory, in neither band');
          for (const cell of Object.values(vm.cells)) assert.ok(inside(cell, vm.vmcs) && cell.w > 0 && cell.h >= 14);
        }
        for (const [index, box] of place.rootRegions.entries()) {
          assert.ok(inside(box, place.vmm), `region ${box.id} in the monitor`);
          if (index) assert.ok(apart(box, place.rootRegions[index - 1]));
        }
      });
    }
  }
}

test('a VM keeps its place whichever is in focus, where there is room for all', () => {
  const wide = { ...sizes[0], vms: ['A', 'B'], regions };
  assert.deepEqual(layout({ ...wide, focus: 'A' }).vms, layout({ ...wide, focus: 'B' }).vms);
});
test('where the monitor has no room for all its code, the part that runs is drawn alone', () => {
  const place = layout({ ...sizes[4], vms: ['A'], focus: 'A', regions, longest: { one: 200, two: 200 } });
  assert.deepEqual(place.rootRegions, []);
  assert.deepEqual(rootBoxes(place, 'two', ['one', 'two']).map(({ id }) => id), ['two']);
  assert.deepEqual(rootBoxes(place, 'kernel', ['one', 'two']), []);
});

for (const size of sizes) {
  for (let count = 1; count <= 8; count += 1) {
    test(`${count} processors at ${size.width}x${size.height}, with 1 to 6 VMs`, () => {
      const processors = [...'01234567'].slice(0, count);
      for (let machines = 1; machines <= 6; machines += 1) {
        const vms = LETTERS.slice(0, machines);
        const height = size.compact ? size.height + 36 * cardRows(size.width, count) : size.height;
        const place = layout({ ...size, height, vms, focus: vms[0], regions, processors });
        assert.deepEqual(place.processors.map(({ id }) => id), count > 1 ? processors : [], 'one processor has the whole row, several a card each');
        const picture = { x: 0, y: 0, w: size.width, h: Math.max(height, place.height) };
        const boxes = [place.guestBand, place.rootBand, ...place.processors, ...place.vms.flatMap(({ vmcs }) => (vmcs ? [vmcs] : []))];
        for (const [n, box] of boxes.entries()) {
          assert.ok(inside(box, picture), `outside: ${JSON.stringify(box)}`);
          for (const other of boxes.slice(n + 1)) assert.ok(apart(box, other), `${JSON.stringify(box)} over ${JSON.stringify(other)}`);
        }
        for (const card of place.processors) assert.ok(card.w >= 136 && card.h >= 24, 'room for words of 12 pixels');
        for (const vm of place.vms) {
          for (const arrow of [vm.entry, vm.exit]) {
            const line = { x: arrow.x, y: Math.min(arrow.from, arrow.to), w: 0, h: Math.abs(arrow.from - arrow.to) };
            const foreign = [...place.processors, ...place.vms.filter((other) => other !== vm).flatMap((other) => [other.box, ...(other.vmcs ? [other.vmcs] : [])]), ...(vm.vmcs ? [vm.vmcs] : [])];
            for (const box of foreign) assert.ok(apart(line, box), `an arrow of VM ${vm.id} crosses ${JSON.stringify(box)}`);
          }
        }
      }
    });
  }
}
