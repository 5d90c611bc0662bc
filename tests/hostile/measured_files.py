"""Measures the import of each hostile file in a process of its own."""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

from tests.hostile.file_cases import hostile_files
from tests.hostile.file_jobs import run_file


def main():
    part = " ".join(sys.argv[1:])
    for case in hostile_files():
        if part not in case.name:
            continue
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            folder = Path(name)
            with (folder / "file").open("wb") as file:
                if os.fork() == 0:
                    file.writelines(case.make(case.full))
                    file.flush()
                    os._exit(0)
                os.wait()
            size = (folder / "file").stat().st_size
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                resource.setrlimit(resource.RLIMIT_CPU, (int(os.environ.get("CPU", "60")),) * 2)
                resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2)
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                try:
                    run = run_file(folder, case.file_name, case.options)
                    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
                    bad = [each for each in case.ends if each not in run.text]
                    text = f"{size / 2**20:6.1f}MB split {run.split:5.1f} chunk {run.chunk:5.1f} finish {run.finish:5.1f} {grown / 1024:5.0f}MB res {run.result_bytes / 2**20:6.1f} rec {run.record_bytes} ans {run.answer_bytes} {'MISSED ' + str(bad) if bad else ''} | {run.text[:150]!r}"
                except BaseException as e:
                    import traceback

                    tb = traceback.extract_tb(e.__traceback__)[-1]
                    text = f"{size / 2**20:6.1f}MB CRASH {type(e).__name__} {str(e)[:200]} {tb.filename[-40:]}:{tb.lineno} "
                os.write(writing, text.encode("utf-8", "replace")[:3000])
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading) as pipe:
                text = pipe.read()
            os.waitpid(child, 0)
            print(f"{case.name:55} {text or 'KILLED'}", flush=True)


main()
