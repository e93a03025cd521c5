"""Tables and charts from results/*.json: the newest of each scenario and server counts."""

import json
import pathlib
import statistics

HERE = pathlib.Path(__file__).resolve().parent
# What is to be reached: each measure of Parley, alone or by a peer's, or by its own in another state ("itself").
GOALS = json.loads((HERE / 'goals.json').read_text())
# The most bytes that a message may allocate: by server and scenario.
BOUNDS = json.loads((HERE / 'bounds.json').read_text())
SERVERS = {'wildfly': 'WildFly', 'glassfish': 'GlassFish', 'payara': 'Payara'}
# What a peer is called that was not measured.
PEERS = {'axum': 'axum', 'axum8k': 'axum, 8 KiB buffer', 'bun': 'Bun', 'node': 'Node ws', 'naive': 'naive endpoint', 'null': 'null server',
         'centrifugo': 'Centrifugo', 'baseline': 'Parley, baseline', 'itself': 'itself', None: ''}
TITLES = {
    'echo1': 'echo, 1 in flight', 'echo16': 'echo, 16 in flight', 'json': 'typed JSON echo',
    'fanout1': 'fan-out, 1 in flight', 'fanout': 'fan-out, saturated',
    'v1fanout1': 'parley.v1, fan-out, 1 in flight', 'v1fanout': 'parley.v1, fan-out saturated',
    'v1fanout2000': 'parley.v1, room of 2,000 saturated',
    'latency': '99th percentile at 70 % of the slower', 'idle': 'memory of an idle connection',
    'portable': 'portable writer, fan-out', 'sizes': 'CPU per delivery, 5,000 against 100 receivers',
    'stalled': "others' 99th percentile beside a stalled reader",
    'v1': 'parley.v1 by plain text, fan-out saturated',
}
MEASURES = {
    'rate': lambda r: r['rate'],
    'p99': lambda r: r['latency_us'].get('each', r['latency_us'])['p99'],
    'p99 of each round': lambda r: r['latency_us']['each']['p99'] / 1000,
    'resident': lambda r: r['rss']['per_connection'],
    'cpu': lambda r: r['server']['cpu_us_per_message'],
    'user': lambda r: r['server']['user_us_per_message'],
}
# What stands behind the scenario's title, and the unit, of a measure that is no ratio.
ALONE = {'user': ('user time each', ' µs'), 'p99 of each round': ('99th percentile, worst round', ' ms')}


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


rate = MEASURES['rate']


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


def cpu(report):
    """User and system time of the server for each message; a report of November 2026 has their sum alone."""
    server = report.get('server') or {}
    parts = [server.get('user_us_per_message'), server.get('system_us_per_message')]
    if None in parts:
        return number(server.get('cpu_us_per_message'))
    return ' + '.join(number(p) for p in parts)


def middle_cpu(reports):
    """The same of the middle of some rounds."""
    names = ('user_us_per_message', 'system_us_per_message', 'cpu_us_per_message')
    return cpu({'server': {n: median_of(reports, lambda r, n=n: r['server'][n]) for n in names}})


def compared(result, goal):
    """The reports of Parley, round by round, and what they are held against, if anything."""
    name, data, against = result['scenario'], result['data'], goal['against']
    ours = 'portable' if name == 'portable' else 'parley'
    if name == 'sizes':
        points = list(data['points'].values())
        return points[-1].get(ours), points[0].get(ours)
    if name in ('v1', 'stalled'):
        pair = data['pairs'].get(ours, {})
        return [pair.get(kind) for kind in (('v1', 'plain') if name == 'v1' else ('with', 'without'))]
    rounds = data['pairs'].get(against, {}).get('0.7', {}) if name == 'latency' else data['rounds']
    return rounds.get(ours), rounds.get(against)


def verdicts(results):
    """Rows: what, server, peer, goal, median and spread of what was measured, met or not, when."""
    rows = []
    for result in results:
        for goal in GOALS:
            if goal['scenario'] != result['scenario'] or result['server'] not in goal['servers']:
                continue
            mine, others = compared(result, goal)
            value = MEASURES[goal['measure']]
            what, unit = TITLES[goal['scenario']], '×'
            if goal['against'] is None:
                note, unit = ALONE[goal['measure']]
                what += ', ' + note
                found, others = singles(mine, value), []
            else:
                found = pairs(mine, others, value)
            middle = (max if 'each round' in goal['measure'] else statistics.median)(found) if found else None
            least = goal.get('at_least')
            met = found and (middle >= least if least is not None else middle <= goal['at_most'])
            words = [('met' if met else '**not met**')] if found else []
            if any(r.get('generator_was_the_wall') for r in [*(mine or []), *(others or [])]):
                words.append('the generator was the wall')
            if result['checks']['not_ok']:
                words.append(f'{result["checks"]["not_ok"]} runs with errors left out')
            rows.append((
                what, title(result), PEERS[goal['against']],
                f'≥ {least}{unit}' if least is not None else f'≤ {goal["at_most"]}{unit}',
                f'{number(middle)}{unit}' if found else 'not measured',
                f'{number(min(found))}–{number(max(found))}' if found else '', ', '.join(words), result['at'][:10] if found else ''))
    return rows


def singles(reports, value):
    """A figure of each round, those left out that have none."""
    return [v for v in (median_of([r], value) for r in reports or [] if r['ok']) if v is not None]


def over_bounds(result):
    """A line for each message that allocated more than its bound."""
    bounds = {} if result.get('pinned') else BOUNDS.get(result['server'], {})
    return [f'{TITLES[kind]}: {number(r["allocated_bytes_per_message"])} bytes allocated for each message, bound {bounds[kind]}'
            for kind, servers in result['data'].get('counted', {}).items() if kind in bounds
            for r in servers.get('parley', []) if (r.get('allocated_bytes_per_message') or 0) > bounds[kind]]


def leaves(data, path=()):
    """Each list of rounds in a result, and where it stands."""
    if isinstance(data, list):
        yield path, data
    elif isinstance(data, dict):
        for name, inner in data.items():
            yield from leaves(inner, (*path, name))


def figure(reports):
    """What a list of rounds says, in one short line."""
    allocated = median_of(reports, lambda r: r['allocated_bytes_per_message'])
    if allocated is not None:
        return f'{number(allocated)} bytes allocated'
    calls = median_of(reports, lambda r: sum(r['calls_per_message'].values()))
    if calls is not None:
        return f'{number(calls)} system calls'
    resident = median_of(reports, MEASURES['resident'])
    if resident is not None:
        return f'{number(resident / 1024)} KiB resident'
    each = median_of(reports, rate)
    return f'{each:,.0f}/s, {middle_cpu(reports)} µs' if each else 'nothing'


def beside(result, stored):
    """The figures of a run beside those of an earlier one."""
    earlier = dict(leaves(stored['data'])) if stored else {}
    for path, reports in leaves(result['data']):
        where = ' '.join(result['labels'].get(p, p) for p in path[1:])
        line = f'{where:34} {figure(reports):32}'
        if path in earlier:
            line += f' stored, {stored["at"][:10]}: {figure(earlier[path])}'
        if path[0] == 'counted' and path[-1] == 'parley' and path[1] in BOUNDS.get(result['server'], {}):
            line += f' bound: {BOUNDS[result["server"]][path[1]]:,} bytes'
        yield line


def key(result):
    return result['scenario'], result['server'], result.get('pinned', False)


def title(result):
    return SERVERS[result['server']] + (', pinned' if result.get('pinned') else '')


def latest(folder):
    found = {}
    for file in sorted(folder.glob('*.json')):
        result = json.loads(file.read_text())
        if key(result) not in found or found[key(result)]['at'] <= result['at']:
            found[key(result)] = result
    order = list(TITLES)
    return sorted(found.values(), key=lambda r: (
        r.get('pinned', False), list(SERVERS).index(r['server']),
        order.index(r['scenario']) if r['scenario'] in order else 99))


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows])


def span(results, key):
    values = sorted({r[key] for r in results})
    return f'{values[0]:g}' if len(values) == 1 else f'{values[0]:g} to {values[-1]:g}'


def machines(results):
    """What was measured on what, in one sentence."""
    found = {}
    for r in sorted(results, key=lambda r: r['at']):
        m = r['machine']
        found.setdefault(f'{m["cores"]} cores ({m["cpu"]}), {m["system"]} {m["kernel"]}', []).append(r)
    main = max(found, key=lambda m: len(found[m]))
    others = [f'{", ".join(sorted({r["scenario"] for r in rs}))} on {m}' for m, rs in found.items() if m != main]
    versions = sorted({k: x for r in results for k, x in r['versions'].items()}.items())
    return ('; '.join([main, *others]) + ', loopback, the generator on the same machine; '
            + ', '.join(f'{k} {x}' for k, x in versions)
            + f'. Medians of {span(results, "rounds")} interleaved rounds of {span(results, "seconds")} s.')


WALL = '\n\n\\* the generator was the wall: the server may do more.'


def star(*rounds):
    return '*' if any(r.get('generator_was_the_wall') for reports in rounds for r in reports or []) else ''


def cell(reports):
    """Rate and time of one server, with a star if the generator was the wall."""
    value = median_of(reports, rate)
    return f'{value / 1000:,.0f}k ({middle_cpu(reports)}){star(reports)}' if value else ''


def rates(results):
    """One row for each scenario of rounds, one column for each server."""
    mine = [r for r in results if r['data'].get('rounds') and r['scenario'] != 'idle']
    if not mine:
        return None
    names = list(dict.fromkeys(n for r in mine for n in r['data']['rounds']))
    labels = {n: l for r in mine for n, l in r['labels'].items()}
    body = []
    for r in mine:
        row = [TITLES[r['scenario']], r['at'][:10]]
        body.append(row + [cell(r['data']['rounds'].get(n)) for n in names])
    text = table(['', 'measured on', *(labels.get(n, n) for n in names)], body)
    text += WALL if '* |' in text else ''
    return ("Messages or deliveries a second; in brackets microseconds of the server's CPU for each, user + system where they were "
            'told apart.\n\n' + text)


def part(r):
    """Heading and text of a scenario that is no table of rates."""
    data, labels = r['data'], r['labels']
    if r['scenario'] == 'latency':
        body = []
        for peer, shares in data['pairs'].items():
            for share, reports in shares.items():
                row = [labels.get(peer, peer), f'{float(share):.0%}{star(*reports.values())}',
                       number(median_of(reports['parley'], lambda x: x['intended_rate']))]
                for n in ('parley', peer):
                    row += [number((median_of(reports[n], lambda x, q=q: x['latency_us'][q]) or 0) / 1000)
                            for q in ('p50', 'p99', 'p99.9')]
                body.append(row)
        text = table(('against', 'load', 'messages/s', 'Parley p50', 'p99', 'p99.9', 'peer p50', 'p99', 'p99.9'), body)
        return 'Time to the reply, open loop', 'Milliseconds from the intended send.\n\n' + text + (WALL if '* |' in text else '')
    if r['scenario'] == 'idle':
        body = [(labels.get(n, n), number(median_of(x, lambda y: y['rss']['per_connection'] / 1024)),
                 number(median_of(x, lambda y: y['heap']['per_connection'] / 1024)))
                for n, x in data['rounds'].items()]
        return 'Memory of an idle connection', 'KiB, at 10,000 after a forced collection.\n\n' + table(
            ('', 'resident', 'live heap'), body)
    if r['scenario'] in ('sizes', 'rooms'):
        names = list(next(iter(data['points'].values())))
        body = [[f'{int(label):,}'] + [cell(servers[n]) for n in names] for label, servers in data['points'].items()]
        text = table(['', *(labels.get(n, n) for n in names)], body)
        return r['title'][0].upper() + r['title'][1:], ('Deliveries a second (CPU microseconds each).\n\n' + text
                                                        + (WALL if '* |' in text else ''))
    if r['scenario'] == 'counters':
        body = []
        for kind, servers in data['counted'].items():
            for n, reports in servers.items():
                traced = data['calls'].get(kind, {}).get(n, [])
                names = list(dict.fromkeys(c for x in traced for c in x.get('calls_per_message', {})))
                calls = [f'{c} {number(median_of(traced, lambda x, c=c: x["calls_per_message"].get(c, 0)))}' for c in names[:4]]
                body.append((TITLES[kind], labels.get(n, n),
                             number(median_of(reports, lambda x: x['allocated_bytes_per_message'])),
                             BOUNDS.get(r['server'], {}).get(kind, '–') if n == 'parley' else '–',
                             number(median_of(traced, lambda x: sum(x['calls_per_message'].values()))), ', '.join(calls)))
        return 'Counters', ('For each message or delivery. System calls are counted in runs of their own, which strace slows.\n\n'
                            + table(('', '', 'bytes allocated', 'bound', 'system calls', 'of them'), body))
    if r['scenario'] == 'v1':
        body = [(label, f'{(median_of(x, rate) or 0) / 1000:,.0f}k', middle_cpu(x),
                 'yes' if any(y.get('generator_was_the_wall') for y in x) else 'no')
                for label, x in zip(('plain text', 'parley.v1'), data['pairs']['parley'].values())]
        return 'parley.v1 beside plain text', table(('', 'deliveries/s', 'CPU µs each', 'the generator was the wall'), body)
    if r['scenario'] == 'stalled':
        body = []
        for n, kinds in data['pairs'].items():
            ends = [s.get('ended_after_seconds') for x in kinds['with'] for s in x.get('stalled', [])]
            body.append((labels.get(n, n),
                         *(number(median_of(kinds[k], lambda x: x['latency_us']['last']['p99']) / 1000) for k in ('without', 'with')),
                         ', '.join('never' if e is None else f'{e:.1f} s' for e in ends)))
        return 'A stalled reader among 1,000', ("Milliseconds to the others' last, 99th percentile.\n\n" + table(
            ('', 'without', 'with', 'it was closed after'), body))
    return None


def markdown(results, level='##'):
    """A section for each server: its goals, its rates, and what else was measured on it."""
    parts = [machines(results)]
    for where in dict.fromkeys(title(r) for r in results):
        mine = [r for r in results if title(r) == where]
        parts.append(f'{level} {where}')
        rows = [(row[0], *row[2:]) for row in verdicts(mine)]
        if rows:
            parts.append(f'{level}# Goals on {where}\n\nParley by the peer, round by round: the median ratio and the smallest and '
                         'largest; or what Parley takes.\n\n' + table(('', 'against', 'goal', 'measured', 'spread', '', 'on'), rows))
        text = rates(mine)
        if text:
            parts.append(f'{level}# Rates on {where}\n\n{text}')
        for r in mine:
            found = part(r)
            if found:
                parts.append(f'{level}# {found[0]}, on {where}\n\nMeasured on {r["at"][:10]}. {found[1]}')
    left = {n: w for r in results for n, w in r['left_out'].items()}
    if left:
        parts.append('Left out: ' + '; '.join(left.values()) + '.')
    return '\n\n'.join(parts) + '\n'


def shown(results):
    """What the README shows, by scenario: WildFly, with a core for the server and one for the generator where it was measured so."""
    mine = [r for r in results if r['server'] == 'wildfly']
    return {r['scenario']: r for r in sorted(mine, key=lambda r: r.get('pinned', False))}


def brief(results):
    """Five lines for the README."""
    mine = shown(results)

    def times(name, peers):
        r = mine[name]
        found = [(r['labels'].get(p, p), pairs(r['data']['rounds'].get('parley'), r['data']['rounds'].get(p), rate)) for p in peers]
        return ', '.join(f'{number(statistics.median(ratios))} times {label}' for label, ratios in found if ratios)

    lines = []
    for name, what, peers in (
            ('echo1', 'echoes a second with one message in flight on each of 100 connections', ('axum', 'bun', 'node')),
            ('echo16', 'with 16 in flight', ('axum', 'bun', 'node')),
            ('fanout', 'deliveries a second in a saturated room of 500', ('axum', 'bun', 'node')),
            ('v1fanout', 'deliveries a second with `parley.v1` in such a room', ('centrifugo',))):
        value = median_of(mine[name]['data']['rounds'].get('parley'), rate) if name in mine else None
        if value:
            lines.append(f'- **{value / 1000:,.0f} thousand** {what}: {times(name, peers)} ({mine[name]["at"][:10]})')
    if 'idle' in mine:
        rounds = mine['idle']['data']['rounds']
        mean = {n: median_of(rounds.get(n), MEASURES['resident']) for n in ('parley', 'axum8k')}
        if all(mean.values()):
            lines.append(f'- **{number(mean["parley"] / 1024)} KiB** resident for an idle connection; axum with a read buffer of '
                         f'8 KiB takes {number(mean["axum8k"] / 1024)} ({mine["idle"]["at"][:10]})')
    return '\n'.join(lines[:5]) + '\n'


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
    """Name and text of each chart; only the summary shows runs that were pinned."""
    all_results, results = results, [r for r in results if not r.get('pinned')]
    summary = [(TITLES[r['scenario']], sorted(
        ((r['labels'].get(n, n), median_of(r['data']['rounds'].get(n), rate) or 0, n == 'parley')
         for n in ('parley', 'bun', 'axum', 'node', 'centrifugo') if r['data']['rounds'].get(n)), key=lambda i: -i[1]))
               for name, r in shown(all_results).items() if name in ('echo1', 'echo16', 'fanout', 'v1fanout')]
    if summary:
        yield 'summary.svg', bars('Messages or deliveries a second', summary, lambda v: f'{v / 1000:,.0f}k')
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


def fill(page, text):
    """Replaces what is between the two marks of a page."""
    before, rest = page.read_text().split(BEGIN, 1)
    page.write_text(before + BEGIN + '\n' + text + '\n' + END + rest.split(END, 1)[1])


def write(folder):
    """results/README.md and the charts beside it; the performance page's part between two marks, and the README's five lines."""
    results = latest(folder)
    if not results:
        print('no results yet')
        return
    drawn = [(name, text) for name, text in charts(results) if text]
    for name, text in drawn:
        (folder / name).write_text(text)

    def pictures(place):
        return '\n'.join(f'![{name.removesuffix(".svg")}]({place}{name})' for name, _ in drawn if name != 'summary.svg')

    (folder / 'README.md').write_text('# Results\n\n' + markdown(results) + '\n' + pictures('') + '\n')
    root = folder.parent.parent.parent
    fill(root / 'src' / 'site' / 'markdown' / 'performance.md',
         markdown(results, '###') + '\n' + pictures('../../bench/results/'))
    fill(root / 'README.md', '![Messages or deliveries a second](src/bench/results/summary.svg)\n\n' + brief(results))
