-- Reductions without an index by time. Every offer moved its entries; the daily prune walks the table instead.
-- Compatible since: 6

DROP INDEX reductions_by_last;
