// Opens reports in a browser and tells what is wrong with them:
//
//   node report.mjs CHROMIUM SCREENSHOTS REPORT.html...
//
// A page must ask for nothing but itself, say nothing on the console, draw all
// its figures with and without scripts, at desk and phone width and in print,
// answer to the keyboard, and have no serious finding of axe.
import { createRequire } from 'node:module';
import { readFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [executablePath, shots, ...files] = process.argv.slice(2);
if (!files.length) throw new Error('usage: node report.mjs CHROMIUM SCREENSHOTS REPORT.html...');
mkdirSync(shots, { recursive: true });

let wrong = 0;
const expect = (ok, what) => {
  if (ok) return;
  wrong++;
  console.log('WRONG: ' + what);
};

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

// open is a page that reports what it does wrong.
async function open(file, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const self = pathToFileURL(resolve(file)).href;
  page.on('console', m => expect(false, `${name}: the console says (${m.type()}) ${m.text()}`));
  page.on('pageerror', e => expect(false, `${name}: a script fails: ${e.message}`));
  page.on('request', r => expect(r.url().split('#')[0] === self || r.url().startsWith('data:'), `${name}: it asks for ${r.url().slice(0, 200)}`));
  await page.goto(self);
  return page;
}

// drawn is the number of marks of every figure that is seen.
const drawn = page => page.locator('figure').evaluateAll(all => all.map(f => {
  const svg = [...f.querySelectorAll('.still svg, .still img, .chart svg')].filter(s => s.getBoundingClientRect().width > 100 && s.getBoundingClientRect().height > 50);
  return { id: f.id, seen: svg.length, marks: svg.reduce((n, s) => n + (s.naturalWidth || s.querySelectorAll('path, use').length), 0) };
}));

async function figures(page, name) {
  const all = await drawn(page);
  expect(all.length > 0, `${name}: there is no figure`);
  for (const f of all) expect(f.seen === 1 && f.marks > 10, `${name}: ${f.id} shows ${f.seen} pictures with ${f.marks} marks`);
  return all.length;
}

async function charts(page, name) {
  const wanted = await page.locator('figure[data-chart]').count();
  await page.waitForFunction(n => document.querySelectorAll('figure[data-chart] .chart svg').length === n, wanted, { timeout: 60000 })
    .catch(() => expect(false, `${name}: not all of ${wanted} charts are drawn`));
  return wanted;
}

for (const file of files) {
  for (const width of [1280, 390]) {
    const name = `${basename(dirname(file))} at ${width}`;
    const page = await open(file, name, { viewport: { width, height: 900 } });
    const asked = await charts(page, name);
    const all = await figures(page, name);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide <= width, `${name}: it is ${wide} wide`);
    await page.screenshot({ path: join(shots, `${basename(dirname(file))}-${width}.png`), fullPage: true });

    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    for (const v of found.violations) {
      const where = v.nodes.slice(0, 3).map(n => n.target.join(' ')).join('; ');
      if (['serious', 'critical'].includes(v.impact)) expect(false, `${name}: axe, ${v.impact}: ${v.id}: ${v.help} (${where})`);
      else console.log(`${name}: axe, ${v.impact}: ${v.id}: ${v.help} (${where})`);
    }

    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement.className) === 'skip', `${name}: the first Tab is not at the skip link`);
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement.id) === 'answer', `${name}: the skip link does not lead to the answer`);

    for (let i = 0; i < asked; i++) {
      const figure = page.locator('figure[data-chart]').nth(i);
      const id = await figure.getAttribute('id');
      const label = () => figure.locator('.chart').evaluate(c => (c.matches('[aria-label]') ? c : c.querySelector('[aria-roledescription=visualization]') || c).getAttribute('aria-label'));
      expect(/\d/.test(await label() || ''), `${name}: the chart of ${id} has no description`);
      const selects = figure.locator('select');
      for (let k = 0; k < await selects.count(); k++) {
        const before = await label();
        await selects.nth(k).focus();
        await page.keyboard.press('ArrowDown');
        await page.waitForTimeout(150);
        const key = await selects.nth(k).getAttribute('data-key');
        if (key !== 'order') expect(await label() !== before, `${name}: ${id} does not answer to ${key}`);
        expect(await figure.locator('.chart svg').count() === 1, `${name}: ${id} is not one chart after ${key}`);
      }
      const marks = figure.locator('.chart svg g.mark-rect.role-mark path, .chart svg g.mark-symbol.role-mark path');
      const largest = await marks.evaluateAll(all => {
        const size = p => p.getBoundingClientRect().width * p.getBoundingClientRect().height;
        return all.reduce((best, p, i) => size(p) > 1 && (best < 0 || size(p) > size(all[best])) ? i : best, -1);
      });
      if (largest >= 0) {
        const mark = marks.nth(largest);
        await mark.scrollIntoViewIfNeeded();
        await mark.hover({ force: true });
        const tip = page.locator('#vg-tooltip-element.visible');
        await tip.waitFor({ timeout: 3000 }).catch(() => expect(false, `${name}: ${id} tells nothing under the mouse`));
        if (await tip.count()) {
          const [at, of] = [await tip.boundingBox(), await mark.boundingBox()];
          expect(Math.abs(at.y - of.y - of.height / 2) < 400 && at.width < 500, `${name}: ${id}: what the mouse tells stands elsewhere (${JSON.stringify([at, of])})`);
        }
        await page.mouse.move(0, 0);
      } else {
        expect(false, `${name}: ${id} has no mark to point at`);
      }
      await figure.locator('button.toggle').focus();
      await page.keyboard.press('Enter');
      expect(await figure.locator('.still').isVisible() && !await figure.locator('.live').isVisible(), `${name}: ${id} does not show its still figure`);
      await page.keyboard.press('Enter');
    }

    if (width > 1000) {
      await page.emulateMedia({ media: 'print' });
      await figures(page, name + ' in print');
      expect(await page.locator('.live:visible').count() === 0, `${name}: charts stand in print`);
      await page.pdf({ path: join(shots, `${basename(dirname(file))}.pdf`), format: 'Letter' });
    }
    await page.context().close();

    const bare = await open(file, name + ' without scripts', { viewport: { width, height: 900 }, javaScriptEnabled: false });
    expect(await bare.locator('.still svg:visible, .still img:visible').count() === all, `${name}: without scripts not all figures are seen`);
    await bare.context().close();
    console.log(`${name}: ${all} figures, ${asked} charts`);
  }
}
await browser.close();
console.log(wrong ? `${wrong} wrong` : 'nothing wrong');
process.exitCode = wrong ? 1 : 0;
