create table t (a integer, b text);
insert into t values (1, 'one'), (2, 'two');
select sum(a), group_concat(b) from t;
select arg from argv;
select json_extract('{"a":[1,2]}', '$.a[1]'), round(sqrt(16));
