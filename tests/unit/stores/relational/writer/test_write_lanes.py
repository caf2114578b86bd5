"""The lanes of the writer: promises first, slices of the rest, and each session in order."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.writer.write_jobs import RIDE_ROWS, Lane, WriteJob
from tactful.stores.relational.writer.write_lanes import SLICE_RECORDS, SLICE_ROWS, WriteLanes

Shape = tuple[Lane, str | None, int, bool]
"""Lane, session, weight, and whether a job rides with promises."""
JOBS = st.lists(
    st.tuples(
        st.sampled_from(Lane),
        st.sampled_from([None, "a", "b", "c"]),
        st.integers(1, 2 * SLICE_ROWS) | st.integers(1, 3),
        st.booleans(),
    ),
    max_size=60,
)


def job(lane: Lane, session: str | None = None, weight: int = 1, rides: bool = False) -> WriteJob:
    record = Commit() if lane is Lane.RECORD else None
    return WriteJob(lane=lane, session=session, weight=weight, rides=rides, turn=record)


def batches(lanes: WriteLanes) -> list[list[WriteJob]]:
    found = []
    while lanes:
        found.append(lanes.next_batch())
    return found


def filled(shapes: list[Shape]) -> tuple[WriteLanes, list[WriteJob]]:
    lanes, jobs = WriteLanes(), [job(*shape) for shape in shapes]
    for one in jobs:
        lanes.add(one)
    return lanes, jobs


@given(JOBS)
def test_every_job_is_performed_once_and_lanes_and_sessions_keep_their_order(
    shapes: list[Shape],
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
    shapes: list[Shape],
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
    lanes, jobs = filled([(Lane.WORK, None, 9 * SLICE_ROWS, False), (Lane.WORK, None, 1, False)])
    assert batches(lanes) == [[jobs[0]], [jobs[1]]]


def test_records_that_were_put_back_come_first_and_keep_their_order() -> None:
    shapes = [(Lane.RECORD, "a"), (Lane.PROMISE, None), (Lane.RECORD, "b"), (Lane.RECORD, "a")]
    lanes, jobs = filled([(lane, session, 1, False) for lane, session in shapes])
    taken = lanes.next_batch()
    lanes.put_back(one for one in taken if one.is_record)
    later = job(Lane.PROMISE, "a")
    lanes.add(later)
    assert batches(lanes) == [[jobs[0], jobs[3], later, jobs[2]]]


def test_draining_takes_each_job_once_and_leaves_nothing() -> None:
    shapes = [(Lane.RECORD, "a"), (Lane.RECORD, "b"), (Lane.WORK, None)]
    lanes, jobs = filled([(lane, session, 1, False) for lane, session in shapes])
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


@given(JOBS)
def test_only_few_rows_that_can_wait_are_beside_promises_without_slices(
    shapes: list[Shape],
) -> None:
    lanes, _ = filled(shapes)
    had_slices = True
    for batch in batches(lanes):
        work = [one for one in batch if one.lane is Lane.WORK]
        if had_slices and batch[0].lane is not Lane.WORK and work:
            assert all(one.rides for one in work)
            assert sum(one.weight for one in work) <= RIDE_ROWS
        had_slices = not had_slices


def test_what_can_wait_rides_with_the_next_promise_and_leaves_no_transaction_of_its_own() -> None:
    lanes = WriteLanes()
    riders = [job(Lane.WORK, rides=True), job(Lane.RECORD, "b"), job(Lane.WORK, rides=True)]
    promise = job(Lane.PROMISE, "a")
    for one in (*riders, promise):
        lanes.add(one)
    assert batches(lanes) == [[promise, riders[0], riders[2], riders[1]]]


def test_work_that_can_wait_passes_no_earlier_work_and_no_more_than_a_few_rows_ride() -> None:
    lanes = WriteLanes()
    first, large, last = (
        job(Lane.WORK, weight=RIDE_ROWS, rides=True),
        job(Lane.WORK, weight=SLICE_ROWS),
        job(Lane.WORK, rides=True),
    )
    promises = [job(Lane.PROMISE) for _ in range(3)]
    for one in (first, large, last, promises[0]):
        lanes.add(one)
    assert lanes.next_batch() == [promises[0], first]
    lanes.add(promises[1])
    assert lanes.next_batch() == [promises[1], large]
    lanes.add(promises[2])
    assert lanes.next_batch() == [promises[2], last]


def test_many_records_do_not_ride_with_a_promise() -> None:
    lanes = WriteLanes()
    for _ in range(RIDE_ROWS + 1):
        lanes.add(job(Lane.RECORD, "b"))
    promise = job(Lane.PROMISE, "a")
    lanes.add(promise)
    assert lanes.next_batch() == [promise]
