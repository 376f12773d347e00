-- Why a request ended without a decision; null for those that are open or decided, and for older ones.
alter table stage_request add column ended_because text;
