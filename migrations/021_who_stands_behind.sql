-- Members who had a hand in what a trigger did, beside its owner and its last editor: none of them approves what it asks for.
-- Who made the secret of its incoming webhook, and so can make it fire; null: its owner.
alter table trigger add column secret_by text;
-- Members who stand behind the start of a training beside `member_id`.
alter table training_job add column others text[] not null default '{}';

-- A member who left: without grants and tokens. The row stays, since the audit names it.
alter table member add column removed_at timestamptz;
