"""Tables and charts from results/*.json: the newest of each scenario and server counts."""

import json
import statistics

# What is to be reached: scenario, peer, sign, ratio, servers. Rates: Parley's by the peer's; times and memory alike.
EVERY, WILDFLY, TYRUS = ('wildfly', 'glassfish', 'payara'), ('wildfly',), ('glassfish', 'payara')
GOALS = [
    ('echo1', 'node', '≥', 2.5, WILDFLY), ('echo1', 'axum', '≥', 1.1, WILDFLY), ('echo1', 'bun', '≥', 0.85, WILDFLY),
    ('echo16', 'node', '≥', 6, WILDFLY), ('echo16', 'axum', '≥', 1.2, WILDFLY), ('echo16', 'bun', '≥', 0.5, WILDFLY),
    ('json', 'node', '≥', 2.2, WILDFLY), ('json', 'axum', '≥', 1.0, WILDFLY), ('json', 'bun', '≥', 0.8, WILDFLY),
    ('fanout1', 'node', '≥', 1.9, WILDFLY), ('fanout1', 'axum', '≥', 1.15, WILDFLY), ('fanout1', 'bun', '≥', 1.0, WILDFLY),
    ('fanout', 'node', '≥', 25, WILDFLY), ('fanout', 'axum', '≥', 3, WILDFLY), ('fanout', 'bun', '≥', 0.6, WILDFLY),
    ('latency', 'node', '≤', 0.5, WILDFLY), ('latency', 'axum', '≤', 1.0, WILDFLY), ('latency', 'bun', '≤', 1.5, WILDFLY),
    ('idle', 'axum', '≤', 0.1, WILDFLY), ('idle', 'axum8k', '≤', 1.0, WILDFLY),
    ('echo1', 'naive', '≥', 2, TYRUS), ('fanout', 'naive', '≥', 10, TYRUS),
    ('portable', 'naive', '≥', 2, EVERY),
]
SERVERS = {'wildfly': 'WildFly', 'glassfish': 'GlassFish', 'payara': 'Payara'}
TITLES = {
    'echo1': 'echo, 1 in flight', 'echo16': 'echo, 16 in flight', 'json': 'typed JSON echo',
    'fanout1': 'fan-out, 1 in flight', 'fanout': 'fan-out, saturated',
    'latency': '99th percentile at 70 % of the slower', 'idle': 'memory of an idle connection',
    'portable': 'portable writer, fan-out', 'sizes': 'CPU per delivery, 5,000 against 100 receivers',
    'stalled': "others' 99th percentile beside a stalled reader",
    'v1': 'parley.v1, fan-out saturated',
}


def number(v):
    if v is None:
        return '–'
    if abs(v) >= 10:
        return f'{v:,.0f}' if abs(v) >= 100 else f'{v:.1f}'
    return f'{v:.2f}'


def pairs(a, b, value):
    """Ratios of the rounds, a by b, those left out that have none."""
    ratios = []
    for x, y in zip(a or [], b or []):
        try:
            if x['ok'] and y['ok'] and value(y):
                ratios.append(value(x) / value(y))
        except (KeyError, TypeError, ZeroDivisionError):
            pass
    return ratios


def rate(r):
    return r['rate']


def p99(r):
    return r['latency_us']['p99']


def median_of(reports, value):
    found = []
    for r in reports or []:
        try:
            v = value(r)
            if v is not None:
                found.append(v)
        except (KeyError, TypeError):
            pass
    return statistics.median(found) if found else None


def verdict(what, server, peer, goal, ratios, met, wrong):
    spread = f'{number(min(ratios))}–{number(max(ratios))}' if ratios else ''
    middle = f'{number(statistics.median(ratios))}×' if ratios else 'not measured'
    word = ('met' if met(statistics.median(ratios)) else '**not met**') if ratios else ''
    if wrong:
        word += f' ({wrong} runs with errors left out)'
    return what, server, peer, goal, middle, spread, word.strip()


def verdicts(results):
    """Rows: what, server, peer, goal, median ratio, spread, met or not."""
    rows = []
    for result in results:
        name, server, data = result['scenario'], result['server'], result['data']
        labels = result['labels']
        wrong = result['checks']['not_ok']
        for scenario, peer, sign, goal, servers in GOALS:
            if scenario != name or server not in servers:
                continue
            ours = 'portable' if name == 'portable' else 'parley'
            if name == 'latency':
                at = data['pairs'].get(peer, {}).get('0.7', {})
                ratios = pairs(at.get(ours), at.get(peer), p99)
            elif name == 'idle':
                ratios = pairs(data['rounds'].get(ours), data['rounds'].get(peer), lambda r: r['rss']['per_connection'])
            else:
                ratios = pairs(data['rounds'].get(ours), data['rounds'].get(peer), rate)
            met = (lambda v, g=goal: v >= g) if sign == '≥' else (lambda v, g=goal: v <= g)
            rows.append(verdict(TITLES[name], SERVERS[server], labels.get(peer, peer), f'{sign} {goal}×', ratios, met, wrong))
        if name == 'sizes':
            points = list(data['points'].values())
            ratios = pairs(points[-1].get('parley'), points[0].get('parley'), lambda r: r['server']['cpu_us_per_message'])
            rows.append(verdict(TITLES[name], SERVERS[server], 'itself', '0.75–1.25×', ratios,
                                lambda v: 0.75 <= v <= 1.25, wrong))
        if name == 'v1':
            pair = data['pairs'].get('parley', {})
            rows.append(verdict(TITLES[name], SERVERS[server], 'plain text', '≥ 1.0×',
                                pairs(pair.get('v1'), pair.get('plain'), rate), lambda v: v >= 1.0, wrong))
        if name == 'stalled':
            pair = data['pairs'].get('parley', {})
            ratios = pairs(pair.get('with'), pair.get('without'), lambda r: r['latency_us']['each']['p99'])
            rows.append(verdict(TITLES[name], SERVERS[server], 'itself', '≤ 1.05×', ratios, lambda v: v <= 1.05, wrong))
    return rows


def latest(folder):
    found = {}
    for file in sorted(folder.glob('*.json')):
        result = json.loads(file.read_text())
        key = result['scenario'], result['server']
        if key not in found or found[key]['at'] <= result['at']:
            found[key] = result
    order = list(TITLES)
    return sorted(found.values(), key=lambda r: (
        list(SERVERS).index(r['server']), order.index(r['scenario']) if r['scenario'] in order else 99))


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows])


def span(results, key):
    values = sorted({r[key] for r in results})
    return f'{values[0]:g}' if len(values) == 1 else f'{values[0]:g} to {values[-1]:g}'


def markdown(results):
    parts = []
    machines = {}
    for r in sorted(results, key=lambda r: r['at']):
        m = r['machine']
        machines.setdefault(f'{m["cores"]} cores ({m["cpu"]}), {m["system"]} {m["kernel"]}', []).append(r)
    main = max(machines, key=lambda m: len(machines[m]))
    others = [f'{", ".join(sorted({r["scenario"] for r in rs}))} on {m}' for m, rs in machines.items() if m != main]
    parts.append('; '.join([main, *others]) + ', loopback, the generator on the same machine; '
                 + ', '.join(f'{k} {x}' for k, x in sorted({k: x for r in results for k, x in r["versions"].items()}.items()))
                 + f'. Medians of {span(results, "rounds")} interleaved rounds of {span(results, "seconds")} s.')
    rows = verdicts(results)
    if rows:
        parts.append('### Goals\n\nParley by the peer, round by round: the median ratio and the smallest and largest.\n\n'
                     + table(('', 'server', 'against', 'goal', 'measured', 'spread', ''), rows))
    for server, title in SERVERS.items():
        mine = [r for r in results if r['server'] == server and r['data'].get('rounds') and r['scenario'] != 'idle']
        if not mine:
            continue
        names = list(dict.fromkeys(n for r in mine for n in r['data']['rounds']))
        labels = {n: l for r in mine for n, l in r['labels'].items()}
        body = []
        for r in mine:
            row = [TITLES[r['scenario']]]
            for n in names:
                reports = r['data']['rounds'].get(n)
                value = median_of(reports, rate)
                cpu = median_of(reports, lambda x: x['server']['cpu_us_per_message'])
                wall = any(x.get('generator_was_the_wall') for x in reports or [])
                row.append(f'{value / 1000:,.0f}k ({number(cpu)}){"*" if wall else ""}' if value else '')
            body.append(row)
        text = table(['', *(labels.get(n, n) for n in names)], body)
        if '*' in text:
            text += '\n\n\\* the generator was the wall: the server may do more.'
        parts.append(f'### Rates on {title}\n\nMessages or deliveries a second; in brackets microseconds of the server\'s CPU '
                     'for each.\n\n' + text)
    for r in results:
        if r['scenario'] == 'latency':
            body = []
            for peer, shares in r['data']['pairs'].items():
                for share, reports in shares.items():
                    row = [r['labels'].get(peer, peer), f'{float(share):.0%}',
                           number(median_of(reports['parley'], lambda x: x['intended_rate']))]
                    for n in ('parley', peer):
                        row += [number((median_of(reports[n], lambda x, q=q: x['latency_us'][q]) or 0) / 1000)
                                for q in ('p50', 'p99', 'p99.9')]
                    body.append(row)
            parts.append('### Time to the reply, open loop\n\nMilliseconds from the intended send.\n\n' + table(
                ('against', 'load', 'messages/s', 'Parley p50', 'p99', 'p99.9', 'peer p50', 'p99', 'p99.9'), body))
        elif r['scenario'] == 'idle':
            body = [(r['labels'].get(n, n), number(median_of(x, lambda y: y['rss']['per_connection'] / 1024)),
                     number(median_of(x, lambda y: y['heap']['per_connection'] / 1024)))
                    for n, x in r['data']['rounds'].items()]
            parts.append('### Memory of an idle connection\n\nKiB, at 10,000 after a forced collection.\n\n'
                         + table(('', 'resident', 'live heap'), body))
        elif r['scenario'] in ('sizes', 'rooms'):
            names = list(next(iter(r['data']['points'].values())))
            body = []
            for label, servers in r['data']['points'].items():
                body.append([f'{int(label):,}'] + [
                    f'{(median_of(servers[n], rate) or 0) / 1000:,.0f}k '
                    f'({number(median_of(servers[n], lambda x: x["server"]["cpu_us_per_message"]))})' for n in names])
            parts.append(f'### {r["title"][0].upper() + r["title"][1:]}\n\nDeliveries a second (CPU microseconds each).\n\n'
                         + table(['', *(r['labels'].get(n, n) for n in names)], body))
        elif r['scenario'] == 'v1':
            body = [(label, f'{(median_of(x, rate) or 0) / 1000:,.0f}k',
                     number(median_of(x, lambda y: y['server']['cpu_us_per_message'])),
                     'yes' if any(y.get('generator_was_the_wall') for y in x) else 'no')
                    for label, x in zip(('plain text', 'parley.v1'), r['data']['pairs']['parley'].values())]
            parts.append(f'### parley.v1 beside plain text on {SERVERS[r["server"]]}\n\n' + table(
                ('', 'deliveries/s', 'CPU µs each', 'the generator was the wall'), body))
        elif r['scenario'] == 'stalled':
            ends = [s.get('ended_after_seconds') for x in r['data']['pairs'].get('parley', {}).get('with', [])
                    for s in x.get('stalled', [])]
            parts.append(f'### A stalled reader on {SERVERS[r["server"]]}\n\nIt was closed after '
                         + ', '.join('(never)' if e is None else f'{e:.1f} s' for e in ends) + '.')
    left = {n: w for r in results for n, w in r['left_out'].items()}
    if left:
        parts.append('Left out: ' + '; '.join(left.values()) + '.')
    return '\n\n'.join(parts) + '\n'


# --- charts: plain SVG that follows the reader's light or dark scheme -------------------------------------------------

STYLE = '''<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.title { font-size: 15px; font-weight: 600 }
.bar { fill: #8c959f } .ours { fill: #0969da } .grid { stroke: #d0d7de }
.line { fill: none; stroke: #8c959f; stroke-width: 2 } .line.ours { fill: none; stroke: #0969da }
.dot { fill: #8c959f } .dot.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .bar, .dot { fill: #6e7681 } .ours, .dot.ours { fill: #4493f8 }
  .grid { stroke: #3d444d } .line { stroke: #6e7681 } .line.ours { stroke: #4493f8 }
}
</style>'''


def escape(text):
    return str(text).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def svg(width, height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="{escape(title)}">\n{STYLE}\n'
            f'<text class="title" x="10" y="24">{escape(title)}</text>\n' + '\n'.join(body) + '\n</svg>\n')


def bars(title, groups, unit):
    """Groups of (name, [(label, value, ours)]), each group on a scale of its own."""
    body, y = [], 44
    for name, items in groups:
        largest = max((v for _, v, _ in items), default=0) or 1
        body.append(f'<text x="10" y="{y + 12}" font-weight="600">{escape(name)}</text>')
        y += 20
        for label, value, ours in items:
            width = 430 * value / largest
            body.append(f'<text class="small" x="160" y="{y + 12}" text-anchor="end">{escape(label)}</text>'
                        f'<rect class="bar{" ours" if ours else ""}" x="168" y="{y}" width="{width:.1f}" height="15" rx="2"/>'
                        f'<text class="small" x="{174 + width:.1f}" y="{y + 12}">{unit(value)}</text>')
            y += 19
        y += 12
    return svg(680, y, title, body)


def lines(title, labels, series, unit, x_title):
    """Series of (label, [value or None], ours) over labelled points."""
    values = [v for _, vs, _ in series for v in vs if v is not None]
    if not values:
        return None
    top, left, right, floor = max(values) * 1.1, 60, 640, 250
    body = []
    step = (right - left - 120) / max(1, len(labels) - 1)
    for i in range(5):
        y = floor - i * 50
        body.append(f'<line class="grid" x1="{left}" x2="{right - 100}" y1="{y}" y2="{y}"/>'
                    f'<text class="small" x="{left - 6}" y="{y + 4}" text-anchor="end">{unit(top * i / 4)}</text>')
    for i, label in enumerate(labels):
        body.append(f'<text class="small" x="{left + 10 + i * step:.0f}" y="{floor + 18}" text-anchor="middle">{escape(label)}</text>')
    body.append(f'<text class="small" x="{(left + right - 100) / 2:.0f}" y="{floor + 38}" text-anchor="middle">{escape(x_title)}</text>')
    taken = []
    for label, vs, ours in sorted(series, key=lambda s: not s[2]):
        points = [(left + 10 + i * step, floor - 200 * v / top) for i, v in enumerate(vs) if v is not None]
        if not points:
            continue
        kind = ' ours' if ours else ''
        body.append(f'<polyline class="line{kind}" points="' + ' '.join(f'{x:.1f},{y:.1f}' for x, y in points) + '"/>')
        body += [f'<circle class="dot{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points]
        x, y = points[-1]
        while any(abs(y - t) < 14 for t in taken):
            y -= 14
        taken.append(y)
        body.append(f'<text class="small" x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(label)}</text>')
    return svg(680, floor + 50, title, body)


def charts(results):
    """Name and text of each chart."""
    for server, where in SERVERS.items():
        groups = []
        for r in results:
            if r['server'] == server and r['data'].get('rounds') and r['scenario'] != 'idle':
                items = [(r['labels'].get(n, n), median_of(x, rate) or 0, n in ('parley', 'portable'))
                         for n, x in r['data']['rounds'].items()]
                groups.append((TITLES[r['scenario']], sorted(items, key=lambda i: -i[1])))
        if groups:
            yield f'rates-{server}.svg', bars(f'Messages or deliveries a second, Parley on {where}', groups,
                                              lambda v: f'{v / 1000:,.0f}k')
    for r in results:
        data, labels = r['data'], r['labels']
        if r['scenario'] == 'latency':
            for peer, shares in data['pairs'].items():
                series = []
                for n in ('parley', peer):
                    for q in ('p50', 'p99'):
                        series.append((f'{labels.get(n, n)} {q}',
                                       [(median_of(x[n], lambda y, q=q: y['latency_us'][q]) or 0) / 1000 for x in shares.values()],
                                       n == 'parley'))
                yield f'latency-{peer}-{r["server"]}.svg', lines(
                    f'Milliseconds to the reply, open loop, with {labels.get(peer, peer)}',
                    [f'{float(s):.0%}' for s in shares], series, lambda v: f'{v:.1f}', "of the slower one's capacity")
        elif r['scenario'] == 'idle':
            groups = [('KiB resident for each of 10,000', sorted(
                ((labels.get(n, n), max(0, median_of(x, lambda y: y['rss']['per_connection'] / 1024) or 0), n == 'parley')
                 for n, x in data['rounds'].items()), key=lambda i: i[1]))]
            yield f'idle-{r["server"]}.svg', bars('Memory of an idle connection', groups, lambda v: f'{v:.1f} KiB')
        elif r['scenario'] in ('sizes', 'rooms'):
            names = list(next(iter(data['points'].values())))
            series = [(labels.get(n, n), [median_of(p[n], lambda x: x['server']['cpu_us_per_message'])
                                          for p in data['points'].values()], n == 'parley') for n in names]
            yield f'{r["scenario"]}-{r["server"]}.svg', lines(
                'CPU microseconds for each delivery', [f'{int(p):,}' for p in data['points']], series, lambda v: f'{v:.2f}',
                'receivers in the room' if r['scenario'] == 'sizes' else 'rooms, 2,000 connections in all')


BEGIN, END = '<!-- bench:begin -->', '<!-- bench:end -->'


def write(folder):
    """results/README.md and the charts beside it; the root README's part between two marks, when it has them."""
    results = latest(folder)
    if not results:
        print('no results yet')
        return
    drawn = [(name, text) for name, text in charts(results) if text]
    for name, text in drawn:
        (folder / name).write_text(text)
    text = markdown(results)
    pictures = '\n'.join(f'![{name.removesuffix(".svg")}]({{}}{name})' for name, _ in drawn)
    (folder / 'README.md').write_text('# Results\n\n' + text + '\n' + pictures.replace('{}', '') + '\n')
    readme = folder.parent.parent.parent / 'README.md'
    if readme.exists() and BEGIN in readme.read_text() and END in readme.read_text():
        before, rest = readme.read_text().split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        readme.write_text(before + BEGIN + '\n' + text + '\n' + pictures.replace('{}', 'src/bench/results/') + '\n' + END + after)
