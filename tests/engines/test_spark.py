"""Spark runs the same work with the same results, and says plainly what failed."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import claqueur
from claqueur.engines.engine import Stop
from claqueur.engines.spark import SparkEngine, faults, tasks
from claqueur.engines.spark.engine import FEW
from claqueur.errors import EngineError, SourceError
from claqueur.kernels.bipartite import surprising_pairs
from claqueur.progress import SILENT


class TestWork:
    def test_results_are_in_order_and_every_item_is_a_step(self, engine, heard):
        table = np.arange(1000)

        def work(i):
            return i, int(table[i]), os.getpid()

        done = list(engine.each(work, range(7), heard))
        assert [each[:2] for each in done] == [(i, i) for i in range(7)]
        assert os.getpid() not in {each[2] for each in done}
        assert heard.steps == 7

    def test_many_short_pieces_are_not_worth_sending(self, engine, heard):
        done = list(engine.each(lambda i: (i, os.getpid()), range(FEW + 1), heard))
        assert done == [(i, os.getpid()) for i in range(FEW + 1)]
        assert heard.steps == FEW + 1

    def test_what_is_left_of_many_is_sent_in_order(self, engine, heard, monkeypatch):
        monkeypatch.setattr("claqueur.engines.spark.engine.SHORT", 1e-9)
        done = list(engine.each(lambda i: i, range(50), heard))
        assert done == list(range(50))
        assert heard.steps == 50

    def test_nothing_to_do(self, engine):
        assert list(engine.each(str, [], SILENT)) == []

    def test_a_stop_and_tables_travel_along(self, engine):
        stop, frame = Stop(), pl.DataFrame({"n": [1, 2, 3]})

        def work(i):
            return stop.is_set(), frame["n"][i]

        assert list(engine.each(work, range(3), SILENT, stop)) == [(False, n) for n in (1, 2, 3)]
        assert stop.is_set()

    def test_large_results_come_in_pieces(self, engine):
        size = tasks.PIECE // 4

        def work(i):
            return np.full(size, i, np.int64)

        done = list(engine.each(work, range(2), SILENT))
        assert [(len(each), each[0], each[-1]) for each in done] == [(size, 0, 0), (size, 1, 1)]

    def test_compiled_functions_travel_by_name(self, java):
        def work(i):
            return surprising_pairs

        there = pickle.loads(tasks.pickled(work))
        assert there is not work
        assert there(0) is surprising_pairs

    def test_inside_a_task_one_thread_works_and_nothing_nests(self, engine):
        def work(i):
            from claqueur.engines.engine import here, in_force

            return in_force().name, here().threads, os.environ["POLARS_MAX_THREADS"]

        assert list(engine.each(work, [0], SILENT)) == [("local", 1, "1")]


class TestFaults:
    def test_a_task_that_fails_twice_does_not_matter(self, engine, tmp_path):
        def work(i):
            with Path(tmp_path / f"attempts-{i}").open("a") as log:
                log.write("x")
            if i == 1 and (tmp_path / "attempts-1").stat().st_size < 3:
                raise OSError("the disk was away")
            return i

        assert list(engine.each(work, range(3), SILENT)) == [0, 1, 2]
        assert (tmp_path / "attempts-1").read_text() == "xxx"

    def test_a_worker_that_dies_does_not_matter_either(self, engine, tmp_path):
        def work(i):
            if not (tmp_path / "died").exists():
                (tmp_path / "died").touch()
                os._exit(1)
            return i

        assert list(engine.each(work, range(3), SILENT)) == [0, 1, 2]

    def test_one_that_fails_for_good_is_named(self, engine):
        def work(i):
            return 1 // (2 - i)

        with pytest.raises(EngineError) as caught:
            list(engine.each(work, range(4), SILENT))
        said = str(caught.value)
        assert "Spark at local[2,4]: part 3 of 4 failed on " in said
        assert "ZeroDivisionError: integer division or modulo by zero, however often" in said
        assert "without --engine spark" in said
        assert "Traceback" not in said
        assert "org.apache" not in said
        assert "\n" not in said
        assert caught.value.exit_code == 2
        assert caught.value.__cause__ is None

    def test_what_claqueur_says_of_data_comes_through_untried_again(self, engine, tmp_path):
        def work(i):
            from claqueur.errors import SourceError

            with Path(tmp_path / "attempts").open("a") as log:
                log.write("x")
            raise SourceError("part-3.parquet: is damaged; deliver it again")

        with pytest.raises(SourceError, match="part-3.parquet: is damaged"):
            list(engine.each(work, [0], SILENT))
        assert (tmp_path / "attempts").read_text() == "x"
        assert SourceError is not EngineError

    def test_another_claqueur_on_workers_is_refused(self, engine, monkeypatch):
        monkeypatch.setattr(tasks, "__version__", "0.0.1")
        with pytest.raises(EngineError, match=r"Claqueur there is .*, and here it is 0\.0\.1"):
            list(engine.each(str, [0], SILENT))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("ModuleNotFoundError: No module named 'claqueur'", "workers have no Claqueur"),
            ("ModuleNotFoundError: No module named 'numba'", "workers have no numba; install it"),
            ("ModuleNotFoundError: No module named 'grpc'", 'pip install "pyspark[connect]"'),
            (
                "org.apache.spark.SparkException: Python worker exited unexpectedly",
                "want of memory",
            ),
            ("java.lang.OutOfMemoryError: Java heap space", "spark.driver.memory"),
            ("RESOURCE_EXHAUSTED: gRPC message exceeds", "maxInboundMessageSize"),
            ("Something else\n\tat org.apache.spark.Foo", "Something else; nothing was left half"),
            ("", "no answer"),
        ],
    )
    def test_what_spark_says_in_our_words(self, text, words):
        with pytest.raises(EngineError) as caught, faults.explained("Spark at there"):
            raise ValueError(text)
        assert words in str(caught.value)
        assert str(caught.value).startswith("--engine spark: Spark at there: ")

    def test_ctrl_c_stops_what_runs(self, engine, spark, tmp_path):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)

        def work(i):
            (tmp_path / f"begun-{i}").touch()
            time.sleep(600)

        def interrupt():
            while not (tmp_path / "begun-0").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            list(engine.each(work, range(4), SILENT))
        thread.join()
        signal.signal(signal.SIGINT, before)
        # Both cores are free again.
        assert list(engine.each(lambda i: i, range(2), SILENT)) == [0, 1]
        assert spark.sparkContext.statusTracker().getActiveJobsIds() == []


def said_by(code: str, **environment: str) -> str:
    """What a program of its own says that tries it."""
    code = f"""
from claqueur.errors import EngineError
try:
    {code}
except EngineError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout


class TestStarting:
    def test_without_pyspark(self, tmp_path):
        said = said_by(
            "import sys; sys.modules['pyspark'] = None; import claqueur; claqueur.spark_engine()"
        )
        assert 'pip install "claqueur[spark]"' in said
        assert "everything works without it" in said

    def test_without_java(self, java, tmp_path):
        said = said_by("import claqueur; claqueur.spark_engine()", PATH=str(tmp_path), JAVA_HOME="")
        assert "there is no Java on this machine; Spark needs Java 17 or newer" in said
        assert "everything works without it" in said

    def test_java_home_leads_nowhere(self, java, tmp_path):
        said = said_by("import claqueur; claqueur.spark_engine()", JAVA_HOME=str(tmp_path))
        assert f"there is no Java in JAVA_HOME ({tmp_path})" in said

    def test_java_is_too_old(self, java, tmp_path):
        program = tmp_path / "bin" / "java"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
        program.chmod(0o755)
        said = said_by("import claqueur; claqueur.spark_engine()", JAVA_HOME=str(tmp_path))
        assert "Java here is of version 11; Spark needs Java 17" in said

    def test_two_masters_at_once_cannot_be(self, engine):
        with pytest.raises(EngineError, match="running in this program already"):
            claqueur.spark_engine(master="local[1]")

    def test_a_session_of_others_is_taken_and_left_open(self, engine, spark):
        for other in (claqueur.spark_engine(), claqueur.spark_engine(spark), SparkEngine(spark)):
            with other:
                assert other.session is spark
        assert spark.range(3).count() == 3

    def test_nobody_else_reaches_a_local_one(self, spark):
        conf = spark.sparkContext.getConf()
        assert conf.get("spark.driver.bindAddress") == conf.get("spark.driver.host") == "127.0.0.1"
        assert conf.get("spark.ui.enabled") == "false"
        assert spark.sparkContext.uiWebUrl is None
