"""What is printed beside a result: python3 -m unittest discover -s src/bench"""

import importlib.machinery
import importlib.util
import pathlib
import unittest

import render

HERE = pathlib.Path(__file__).resolve().parent


def report(rate, ok=True, user=None, p99=1.0, **more):
    return {'ok': ok, 'mode': 'echo', 'rate': rate, 'latency_us': {'each': {'p99': p99 * 1000}},
            'server': {'cpu_us_per_message': 5.0, 'user_us_per_message': user, 'system_us_per_message': user}, **more}


def result(scenario, server='wildfly', not_ok=0, **data):
    return {'scenario': scenario, 'server': server, 'at': '2026-11-30T00:00:00+00:00', 'data': data, 'checks': {'not_ok': not_ok},
            'labels': {'parley': 'Parley', 'axum': 'axum'}}


class Verdicts(unittest.TestCase):
    def verdict(self, measured, measure, against):
        """Measured value and word of one goal."""
        [at] = [i for i, g in enumerate(g for g in render.GOALS if g['scenario'] == measured['scenario']
                                        and measured['server'] in g['servers'])
                if (g['measure'], g['against']) == (measure, against)]
        row = render.verdicts([measured])[at]
        return row[4], row[6]

    def test_a_ratio_is_met_at_its_goal(self):
        # Goal: 1.4 times axum.
        for rates, word in (([140, 150, 130], 'met'), ([139, 150, 130], '**not met**')):
            measured = result('echo1', rounds={'parley': [report(r) for r in rates], 'axum': [report(100)] * 3})
            self.assertEqual(self.verdict(measured, 'rate', 'axum')[1], word)

    def test_a_round_with_an_error_does_not_count(self):
        measured = result('echo1', not_ok=1, rounds={
            'parley': [report(900, ok=False), report(100)], 'axum': [report(100), report(100)]})
        self.assertEqual(self.verdict(measured, 'rate', 'axum'), ('1.00×', '**not met**, 1 runs with errors left out'))

    def test_time_is_met_at_most_at_its_goal(self):
        for user, word in ((2.4, 'met'), (2.5, '**not met**')):
            measured = result('echo1', rounds={'parley': [report(1, user=user)] * 3})
            self.assertEqual(self.verdict(measured, 'user', None)[1], word)

    def test_the_worst_round_decides_a_goal_for_every_round(self):
        measured = result('fanout', 'payara', rounds={'parley': [report(1, p99=p) for p in (10, 61, 20)]})
        self.assertEqual(self.verdict(measured, 'p99 of each round', None), ('61.0 ms', '**not met**'))

    def test_what_was_not_measured_has_no_verdict(self):
        measured = result('echo1', rounds={'parley': [report(100)]})
        self.assertEqual(self.verdict(measured, 'rate', 'bun'), ('not measured', ''))
        self.assertEqual(self.verdict(measured, 'user', None), ('not measured', ''))

    def test_a_row_says_that_the_generator_was_the_wall(self):
        measured = result('echo1', rounds={
            'parley': [report(200)], 'axum': [report(100, generator_was_the_wall=True)]})
        self.assertEqual(self.verdict(measured, 'rate', 'axum')[1], 'met, the generator was the wall')

    def test_every_goal_and_bound_is_of_a_scenario_that_runs(self):
        loader = importlib.machinery.SourceFileLoader('bench_run', str(HERE / 'run'))
        run = importlib.util.module_from_spec(importlib.util.spec_from_loader('bench_run', loader))
        loader.exec_module(run)
        for goal in render.GOALS:
            function, _, servers = run.SCENARIOS[goal['scenario']]
            self.assertIn(goal['against'], (*servers, 'itself', None), goal)
            self.assertTrue(('at_least' in goal) != ('at_most' in goal), goal)
            self.assertIn(goal['measure'], render.MEASURES, goal)
            self.assertLessEqual(set(goal['servers']), set(render.SERVERS), goal)
        for bounds in render.BOUNDS.values():
            self.assertEqual(set(bounds), set(run.COUNTED))


class Bounds(unittest.TestCase):
    def counted(self, allocated, **more):
        return {**result('counters', counted={'echo1': {'parley': [{'ok': True, 'allocated_bytes_per_message': allocated}]}}), **more}

    def test_a_message_that_allocates_more_than_its_bound_is_told(self):
        bound = render.BOUNDS['wildfly']['echo1']
        self.assertEqual(render.over_bounds(self.counted(bound)), [])
        self.assertEqual(len(render.over_bounds(self.counted(bound + 1))), 1)

    def test_bounds_are_for_their_server_not_pinned(self):
        self.assertEqual(render.over_bounds(self.counted(10**9, server='payara')), [])
        self.assertEqual(render.over_bounds(self.counted(10**9, pinned=True)), [])

    def test_figures_stand_beside_the_stored_ones(self):
        [line] = render.beside(self.counted(2000), self.counted(1000))
        self.assertRegex(line, r'echo1 Parley +2,000 bytes allocated +stored, 2026-11-30: 1,000 bytes allocated bound: [\d,]+ bytes')


class Cpu(unittest.TestCase):
    def test_user_and_system_time_are_told_apart_where_they_were_measured(self):
        self.assertEqual(render.cpu(report(1, user=2.5)), '2.50 + 2.50')
        self.assertEqual(render.cpu(report(1)), '5.00')
        self.assertEqual(render.middle_cpu([report(1, user=u) for u in (1.0, 3.0, 2.0)]), '2.00 + 2.00')


if __name__ == '__main__':
    unittest.main()
