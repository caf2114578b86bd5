-- Steps without an index by session. Every step wrote a page of it; a session's steps are found by its offers.
-- Compatible since: 13

DROP INDEX steps_by_session;
