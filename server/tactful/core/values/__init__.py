"""Plain values: money, time, ids, allocation and weekly schedules."""
