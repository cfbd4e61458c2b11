// Charts take the place of still figures where scripts run. Without them the
// page is whole.
(function () {
  'use strict';

  const holder = document.getElementById('numbers');
  if (!holder || !window.vegaEmbed) return;
  const numbers = JSON.parse(holder.textContent);
  const gain = '#0072b2', loss = '#d55e00', neither = '#5d6670', second = '#8a4b08';
  const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  const digits = (x, n) => x.toFixed(n).replace('-', '−');
  const percent = x => (100 * x).toFixed(Math.abs(x) < 0.0995 ? 1 : 0) + ' %';

  const config = {
    background: '#ffffff',
    font: getComputedStyle(document.documentElement).fontFamily,
    axis: { labelColor: '#1a1f26', titleColor: '#1a1f26', labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal', gridColor: '#e3e6ea', domainColor: '#4c5560', tickColor: '#4c5560', labelLimit: 260, labelFlush: false },
    legend: { labelFontSize: 12, labelColor: '#1a1f26', labelLimit: 320, orient: 'top', direction: 'vertical' },
    view: { stroke: null },
  };

  const make = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
    e.append(...children);
    return e;
  };

  // Amounts of money are shown in a unit that suits the largest.
  const unitOf = values => {
    const most = Math.max(0, ...values.map(v => Math.abs(v || 0)));
    if (most >= 1e9) return [1e9, 'billion '];
    if (most >= 1e6) return [1e6, 'million '];
    if (most >= 1e4) return [1e3, 'thousand '];
    return [1, ''];
  };
  const verdict = d => d.low === null || d.high === null ? 'no interval'
    : d.low > 0 ? 'gain' : d.high < 0 ? 'loss' : 'not distinguishable from zero';
  const span = (d, n) => d.low === null || d.high === null ? 'no interval' : digits(d.low, n) + ' to ' + digits(d.high, n);

  // bounded is a layer of intervals, if there are any.
  const bounded = (values, layer) => values.some(v => v.low !== null && v.high !== null) ? [layer] : [];

  const charts = {
    gains: numbers.gains && numbers.gains.length && {
      name: 'Gain by form of cooperation',
      controls: {
        measure: ['Measure', [...new Set(numbers.gains.map(g => g.measure))]],
        order: ['Order', ['As in the table', 'Largest gain first', 'Smallest gain first']],
      },
      draw(choice) {
        const rows = numbers.gains.filter(g => g.measure === choice.measure);
        const [divide, word] = unitOf(rows.flatMap(g => [g.mean, g.low, g.high]));
        const values = rows.map(g => ({ regime: g.regime, mean: g.mean / divide, low: g.low === null ? null : g.low / divide, high: g.high === null ? null : g.high / divide }));
        for (const v of values) { v.verdict = verdict(v); v.interval = span(v, 2); }
        if (choice.order !== 'As in the table') values.sort((a, b) => (choice.order.startsWith('Largest') ? 1 : -1) * (b.mean - a.mean));
        const unit = word + rows[0].unit, title = `${choice.measure} over ${numbers.baseline}, ${unit}`;
        const y = { field: 'regime', type: 'nominal', sort: null, title: null };
        const tooltip = [{ field: 'regime', title: 'Form' }, { field: 'mean', format: ',.3f', title: 'Mean' }, { field: 'interval', title: `${numbers.level} % interval` }, { field: 'verdict', title: 'So it is a' }];
        return {
          said: values.map(v => `${v.regime} ${digits(v.mean, 2)} (${v.interval})`).join('; ') + '.' + (numbers.pooled ? ` ${numbers.pooled} is a benchmark, not a bound.` : ''),
          title,
          spec: {
            data: { values }, height: 34 * values.length,
            encoding: { y, tooltip },
            layer: [
              { mark: { type: 'bar', height: 20, stroke: neither, strokeWidth: 1 }, encoding: { x: { field: 'mean', type: 'quantitative', title: [choice.measure + ',', unit] }, color: { field: 'verdict', type: 'nominal', scale: { domain: ['gain', 'loss', 'not distinguishable from zero', 'no interval'], range: [gain, loss, '#ffffff', '#ffffff'] }, legend: null } } },
              ...bounded(values, { mark: { type: 'rule', strokeWidth: 2, color: '#1a1f26' }, encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } } }),
            ],
          },
          columns: ['Form of cooperation', 'Mean', `${numbers.level} % interval`, 'Verdict'],
          rows: values.map(v => [v.regime, digits(v.mean, 3), span(v, 3), v.verdict]),
        };
      },
    },

    kinds: numbers.kinds && {
      name: 'Utilisation over time',
      controls: {
        kind: ['Kind', numbers.kinds ? numbers.kinds.kinds : []],
        regime: ['Compare ' + numbers.baseline + ' with', numbers.kinds ? numbers.kinds.regimes.filter(r => r !== numbers.baseline) : [], numbers.headline],
      },
      draw(choice) {
        const k = numbers.kinds, kind = k.kinds.indexOf(choice.kind);
        const values = [];
        for (const regime of [numbers.baseline, choice.regime]) {
          if (!regime) continue;
          (k.values[kind][k.regimes.indexOf(regime)] || []).forEach(([mean, low, high], i) => {
            if (mean !== null) values.push({ day: (i + 0.5) * k.step, from: i * k.step + 1, to: (i + 1) * k.step, regime, mean, low, high, interval: low === null ? 'no interval' : percent(low) + ' to ' + percent(high) });
          });
        }
        const both = [numbers.baseline, choice.regime].filter(Boolean);
        const x = { field: 'day', type: 'quantitative', title: 'measured working day' };
        const color = { field: 'regime', type: 'nominal', scale: { domain: both, range: [second, gain] }, legend: { title: null, symbolType: 'stroke', symbolOpacity: 1, symbolStrokeWidth: 2, symbolSize: 400 } };
        const means = both.map(r => { const of = values.filter(v => v.regime === r); return `${r}: ${percent(of.reduce((s, v) => s + v.mean, 0) / of.length)}`; });
        return {
          said: 'Mean over all days, ' + means.join('; ') + '.',
          title: `Utilisation of ${choice.kind} by measured day, % of practical capacity`,
          spec: {
            data: { values }, height: 280,
            encoding: { x, color },
            layer: [
              ...bounded(values, { mark: { type: 'area', opacity: 0.2 }, encoding: { y: { field: 'low', type: 'quantitative', scale: { zero: false }, axis: { format: '.0%', title: 'utilisation' } }, y2: { field: 'high' } } }),
              { mark: { type: 'line', strokeWidth: 2 }, encoding: { y: { field: 'mean', type: 'quantitative', scale: { zero: false }, axis: { format: '.0%', title: 'utilisation' } }, strokeDash: { field: 'regime', type: 'nominal', scale: { domain: both, range: [[5, 3], [1, 0]] }, legend: { title: null, symbolType: 'stroke', symbolOpacity: 1, symbolStrokeWidth: 2, symbolSize: 400 } } } },
              { mark: { type: 'point', filled: true, size: 50 }, encoding: { y: { field: 'mean', type: 'quantitative' }, tooltip: [{ field: 'regime', title: 'Form' }, { field: 'from', title: 'From day' }, { field: 'to', title: 'To day' }, { field: 'mean', format: '.1%', title: 'Utilisation' }, { field: 'interval', title: `${numbers.level} % interval` }] } },
            ],
          },
          columns: ['Form of cooperation', 'Days', 'Utilisation', `${numbers.level} % interval`],
          rows: values.map(v => [v.regime, v.from + ' to ' + v.to, percent(v.mean), v.interval]),
        };
      },
    },

    firms: numbers.firms && numbers.firms.firms && numbers.firms.regimes && {
      name: 'Firms by what they gain',
      controls: {
        regime: ['Form of cooperation', numbers.firms ? numbers.firms.regimes || [] : [], numbers.headline],
        size: ['Size', numbers.firms ? ['All', ...(numbers.firms.sizes || [])] : []],
        sector: ['Sector', numbers.firms ? ['All', ...(numbers.firms.sectors || [])] : []],
        place: ['Place', numbers.firms ? ['All', ...(numbers.firms.places || [])] : []],
        measure: ['Measure', ['Change of profit a year', 'Change of profit a year and employee']],
        order: ['Order', ['Largest gain first', 'Largest loss first', 'Largest firm first']],
      },
      draw(choice) {
        const f = numbers.firms, changes = f.changes[f.regimes.indexOf(choice.regime)];
        let values = f.firms.map(([sector, size, place, employees], i) => ({ sector: f.sectors[sector], size: f.sizes[size], place: f.places[place], employees, change: choice.measure.endsWith('employee') ? changes[i] / Math.max(employees, 1) : changes[i] }));
        const all = values.length;
        for (const key of ['size', 'sector', 'place']) if (choice[key] !== 'All') values = values.filter(v => v[key] === choice[key]);
        const by = { 'Largest gain first': (a, b) => b.change - a.change, 'Largest loss first': (a, b) => a.change - b.change, 'Largest firm first': (a, b) => b.employees - a.employees };
        values.sort(by[choice.order]);
        const [divide, word] = unitOf(values.map(v => v.change));
        values.forEach((v, i) => { v.rank = i + 1; v.left = i + 0.5; v.right = i + 1.5; v.shown = v.change / divide; v.who = v.change > 0 ? 'better off' : v.change < 0 ? 'worse off' : 'neither'; });
        const middle = values.map(v => v.change).sort((a, b) => a - b)[Math.floor(values.length / 2)];
        const share = who => percent(values.filter(v => v.who === who).length / values.length);
        const unit = `${word}${numbers.currency}`;
        let said = values.length === 0 ? 'No firm of the first world is of this choice.'
          : `${whole.format(values.length)} of ${whole.format(all)} firms: ${share('better off')} better off, ${share('worse off')} worse off, median ${whole.format(middle).replace('-', '−')} ${numbers.currency}. Firms of the first random world`;
        if (values.length) said += f.world > all ? `, ${whole.format(all)} of its ${whole.format(f.world)}.` : '.';
        return {
          said,
          title: `${choice.measure}, ${unit}, ${choice.regime} over ${numbers.baseline}`,
          spec: {
            data: { values }, height: 300,
            mark: { type: 'bar', binSpacing: values.length > 100 ? 0 : 1, minBandSize: 0 },
            encoding: {
              x: { field: 'left', type: 'quantitative', bin: 'binned', title: 'firms, ' + choice.order.toLowerCase(), scale: { domain: [0.5, values.length + 0.5], nice: false }, axis: { tickMinStep: 1, tickCount: 8, format: ',d' } },
              x2: { field: 'right' },
              y: { field: 'shown', type: 'quantitative', title: [choice.measure + ',', unit] },
              color: { field: 'who', type: 'nominal', scale: { domain: ['better off', 'worse off', 'neither'], range: [gain, loss, neither] }, legend: { title: null, direction: 'horizontal' } },
              tooltip: [{ field: 'sector', title: 'Sector' }, { field: 'place', title: 'Place' }, { field: 'employees', title: 'Employees' }, { field: 'change', format: ',.0f', title: numbers.currency }, { field: 'rank', title: 'Rank' }],
            },
          },
          columns: ['Rank', 'Sector', 'Place', 'Employees', numbers.currency],
          rows: values.slice(0, 25).map(v => [v.rank, v.sector, v.place, whole.format(v.employees), whole.format(v.change).replace('-', '−')]),
          first: values.length > 25 ? 'The first 25, as a table' : '',
        };
      },
    },

    effects: numbers.outcomes && numbers.outcomes.length && {
      name: 'What the factors do',
      controls: {
        outcome: ['Outcome', numbers.outcomes ? numbers.outcomes.map(o => o.title) : []],
        factor: ['Factor', numbers.outcomes && numbers.outcomes.length ? numbers.outcomes[0].factors.map(f => f.title) : []],
      },
      draw(choice) {
        const outcome = numbers.outcomes.find(o => o.title === choice.outcome);
        const factor = outcome.factors.find(f => f.title === choice.factor) || outcome.factors[0];
        const [divide, word] = outcome.unit ? unitOf(factor.groups.flatMap(g => [g.mean, g.low, g.high])) : [1, ''];
        const values = factor.groups.map(g => ({ group: g.group, mean: g.mean / divide, low: g.low === null ? null : g.low / divide, high: g.high === null ? null : g.high / divide }));
        for (const v of values) v.interval = span(v, 3);
        const unit = (word + outcome.unit).trim();
        const title = outcome.title + (unit ? ', ' + unit : ''), axis = unit ? [outcome.title + ',', unit] : title; // as one line it may be longer than the axis
        return {
          said: values.map(v => `${v.group}: ${digits(v.mean, 3)} (${v.interval})`).join('; ') + '.',
          title: `${title}, by ${factor.title}`,
          spec: {
            data: { values }, height: 280,
            encoding: { x: { field: 'group', type: 'nominal', sort: null, title: factor.title, axis: { labelAngle: values.some(v => v.group.length > 8) ? -90 : 0 } }, tooltip: [{ field: 'group', title: factor.title }, { field: 'mean', format: ',.3f', title: 'Mean' }, { field: 'interval', title: `${numbers.level} % interval` }] },
            layer: [
              ...bounded(values, { mark: { type: 'rule', strokeWidth: 2, color: '#1a1f26' }, encoding: { y: { field: 'low', type: 'quantitative', scale: { zero: false }, title: axis }, y2: { field: 'high' } } }),
              { mark: { type: 'line', color: gain, strokeWidth: 2 }, encoding: { y: { field: 'mean', type: 'quantitative', scale: { zero: false }, title: axis } } },
              { mark: { type: 'point', filled: true, size: 70, color: gain, opacity: 1 }, encoding: { y: { field: 'mean', type: 'quantitative' } } },
            ],
          },
          columns: [factor.title, 'Mean', `${numbers.level} % interval`],
          rows: values.map(v => [v.group, digits(v.mean, 3), v.interval]),
        };
      },
    },
  };

  // A chart with its controls, what it shows in words, and its numbers.
  const live = (figure, id, chart) => {
    const still = figure.querySelector('.still');
    const selects = {}, controls = make('div', { class: 'controls' });
    for (const [key, [label, options, preferred]] of Object.entries(chart.controls)) {
      if (options.length === 0) continue;
      const select = make('select', { 'data-key': key }, ...options.map(o => make('option', { value: o }, o)));
      if (preferred && options.includes(preferred)) select.value = preferred;
      selects[key] = select;
      if (options.length > 1) controls.append(make('label', {}, label, select));
    }
    const place = make('div', { class: 'chart' });
    const said = make('p', { 'aria-live': 'polite', class: 'pale' });
    const caption = make('summary', {}, 'The numbers, as a table');
    const table = make('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': chart.name + ', as a table' });
    const box = make('div', { class: 'live' }, controls, place, said, make('details', {}, caption, table));
    box.hidden = true;
    figure.insertBefore(box, still);
    const toggle = make('button', { type: 'button', class: 'toggle' });
    toggle.hidden = true;
    figure.append(toggle);
    const show = asked => {
      box.hidden = !asked;
      still.hidden = asked;
      toggle.textContent = asked ? 'Show the figure as it is printed' : 'Show the chart that can be asked';
    };
    toggle.addEventListener('click', () => show(box.hidden));

    let view = null, turn = 0;
    const draw = async () => {
      const choice = Object.fromEntries(Object.entries(selects).map(([k, s]) => [k, s.value]));
      const now = ++turn;
      const d = chart.draw(choice);
      const spec = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', description: d.title + '. ' + d.said, width: 'container', config, ...d.spec };
      const result = await vegaEmbed(place, spec, { mode: 'vega-lite', renderer: 'svg', ast: true, actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true } });
      if (now !== turn) { result.finalize(); return; }
      if (view) view.finalize();
      view = result;
      said.textContent = d.said;
      caption.textContent = d.first || 'The numbers, as a table';
      table.replaceChildren(make('table', {}, make('caption', {}, d.title),
        make('thead', {}, make('tr', {}, ...d.columns.map(c => make('th', { scope: 'col' }, c)))),
        make('tbody', {}, ...d.rows.map(r => make('tr', {}, ...r.map((c, i) => i === 0 ? make('th', { scope: 'row' }, String(c)) : make('td', {}, String(c))))))));
    };
    // Where a chart cannot be drawn the still figure stays.
    const failed = error => { show(false); toggle.hidden = true; console.error(id, error); };
    for (const s of Object.values(selects)) s.addEventListener('change', () => draw().catch(failed));
    show(true); // a chart as wide as its place needs the place to be there
    draw().then(() => { toggle.hidden = false; }).catch(failed);
  };

  for (const figure of document.querySelectorAll('figure[data-chart]')) {
    const id = figure.dataset.chart;
    if (charts[id]) live(figure, id, charts[id]);
  }
})();
