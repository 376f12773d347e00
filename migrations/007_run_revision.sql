-- A run that has ended says by its revision whether what hangs on it is still the same, so that it can be kept at hand.
alter table run add column revision integer not null default 0;
