"""The lanes of the writer: promises first, slices of the rest, and each session in order."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.writer.write_jobs import Lane, WriteJob
from tactful.stores.relational.writer.write_lanes import SLICE_RECORDS, SLICE_ROWS, WriteLanes

JOBS = st.lists(
    st.tuples(
        st.sampled_from(Lane),
        st.sampled_from([None, "a", "b", "c"]),
        st.integers(1, 2 * SLICE_ROWS),
    ),
    max_size=60,
)


def job(lane: Lane, session: str | None = None, weight: int = 1) -> WriteJob:
    record = Commit() if lane is Lane.RECORD else None
    return WriteJob(lane=lane, session=session, weight=weight, turn=record)


def batches(lanes: WriteLanes) -> list[list[WriteJob]]:
    found = []
    while lanes:
        found.append(lanes.next_batch())
    return found


def filled(shapes: list[tuple[Lane, str | None, int]]) -> tuple[WriteLanes, list[WriteJob]]:
    lanes, jobs = WriteLanes(), [job(*shape) for shape in shapes]
    for one in jobs:
        lanes.add(one)
    return lanes, jobs


@given(JOBS)
def test_every_job_is_performed_once_and_lanes_and_sessions_keep_their_order(
    shapes: list[tuple[Lane, str | None, int]],
) -> None:
    lanes, jobs = filled(shapes)
    done = [one for batch in batches(lanes) for one in batch]
    assert sorted(map(id, done)) == sorted(map(id, jobs))
    promised_or_recorded = [one for one in done if one.lane is not Lane.WORK]
    for session in ("a", "b", "c"):
        numbers = [one.number for one in promised_or_recorded if one.session == session]
        records = [one.number for one in done
                   if one.lane is Lane.RECORD and one.session == session]  # fmt: skip
        promises = [one for one in done if one.lane is Lane.PROMISE and one.session == session]
        assert records == sorted(records)
        for promise in promises:
            place = numbers.index(promise.number)
            assert all(number > promise.number for number in numbers[place + 1 :])
    for lane in (Lane.PROMISE, Lane.WORK):
        numbers = [one.number for one in done if one.lane is lane]
        assert numbers == sorted(numbers)


@given(JOBS)
def test_a_job_of_no_session_in_the_record_lane_comes_after_all_earlier_records(
    shapes: list[tuple[Lane, str | None, int]],
) -> None:
    lanes, jobs = filled(shapes)
    done = [one for batch in batches(lanes) for one in batch]
    for barrier in jobs:
        if barrier.lane is Lane.RECORD and barrier.session is None:
            before = done[: done.index(barrier)]
            assert all(
                one in before
                for one in jobs
                if one.lane is not Lane.WORK and one.number < barrier.number
            )


def test_a_promise_is_in_the_next_transaction_whatever_is_queued() -> None:
    lanes = WriteLanes()
    for queued in [job(Lane.WORK, weight=SLICE_ROWS) for _ in range(400)]:
        lanes.add(queued)
    for queued in [job(Lane.RECORD) for _ in range(10_000)]:
        lanes.add(queued)
    lanes.next_batch()
    promise = job(Lane.PROMISE, "a")
    lanes.add(promise)
    assert lanes.next_batch() == [promise], "no slice delays it"


def test_a_stream_of_promises_delays_other_work_by_one_transaction_at_most() -> None:
    lanes = WriteLanes()
    for queued in [job(Lane.WORK, weight=SLICE_ROWS) for _ in range(400)]:
        lanes.add(queued)
    for queued in [job(Lane.RECORD) for _ in range(10_000)]:
        lanes.add(queued)
    for _ in range(3):
        lanes.add(job(Lane.PROMISE))
        assert len(lanes.next_batch()) == 1
        lanes.add(job(Lane.PROMISE))
        batch = lanes.next_batch()
        assert batch[0].lane is Lane.PROMISE
        assert sum(one.weight for one in batch if one.lane is Lane.WORK) == SLICE_ROWS
        assert sum(one.lane is Lane.RECORD for one in batch) == SLICE_RECORDS


def test_a_job_heavier_than_a_slice_is_alone_in_its_slice() -> None:
    lanes, jobs = filled([(Lane.WORK, None, 9 * SLICE_ROWS), (Lane.WORK, None, 1)])
    assert batches(lanes) == [[jobs[0]], [jobs[1]]]


def test_records_that_were_put_back_come_first_and_keep_their_order() -> None:
    lanes, jobs = filled([(Lane.RECORD, "a", 1), (Lane.PROMISE, None, 1), (Lane.RECORD, "b", 1),
                          (Lane.RECORD, "a", 1)])  # fmt: skip
    taken = [*lanes.next_batch(), *lanes.next_batch()]
    lanes.put_back(one for one in taken if one.is_record)
    later = job(Lane.PROMISE, "a")
    lanes.add(later)
    assert batches(lanes) == [[jobs[0], jobs[3], later], [jobs[2]]]


def test_draining_takes_each_job_once_and_leaves_nothing() -> None:
    lanes, jobs = filled([(Lane.RECORD, "a", 1), (Lane.RECORD, "b", 1), (Lane.WORK, None, 1)])
    lanes.add(job(Lane.PROMISE, "a"))
    lanes.next_batch()
    lanes.next_batch()
    lanes.put_back(jobs[:2])
    assert lanes.drain() == jobs[:2]
    assert not lanes


def test_promises_that_read_by_themselves_are_divided_and_leave_room_for_other_work() -> None:
    lanes = WriteLanes(most_works=2)
    promises = [WriteJob(lane=Lane.PROMISE, work=print) for _ in range(5)]
    turns = [job(Lane.PROMISE, "a") for _ in range(3)]
    fact = job(Lane.WORK)
    for one in (*promises[:2], *turns, *promises[2:], fact):
        lanes.add(one)
    assert batches(lanes) == [[*promises[:2], *turns], [*promises[2:4], fact], promises[4:]]
