//! No request gets a limit that is zero, infinite or above the node's.

use super::*;

const FIELDS: [&str; 6] = [
    "compile_memory_limit",
    "run_memory_limit",
    "compile_timeout",
    "run_timeout",
    "compile_cpu_time",
    "run_cpu_time",
];

fn run_limits(language: &str, fields: Value) -> StageLimits {
    let mut body = fields;
    body["language"] = json!(language);
    try_with(body).unwrap().run
}

#[test]
fn what_is_not_given_is_the_configured_limit() {
    for nothing in [
        json!(null),
        json!(0),
        json!(-0.0),
        json!(0.0),
        json!(""),
        json!(false),
    ] {
        let fields =
            json!({"run_timeout": nothing, "run_cpu_time": nothing, "run_memory_limit": nothing});
        let limits = run_limits("bounded", fields.clone());
        assert_eq!(limits.wall, Duration::from_secs(3));
        assert_eq!(limits.cpu, Duration::from_secs(3));
        assert_eq!(limits.memory, Bytes(256_000_000));
        let limits = run_limits("unlimited", fields);
        assert_eq!(limits, at_the_ceiling());
    }
}

fn at_the_ceiling() -> StageLimits {
    StageLimits {
        wall: CEILINGS.wall,
        cpu: CEILINGS.cpu,
        memory: CEILINGS.memory,
    }
}

#[test]
fn no_limit_is_the_ceiling() {
    for number in [
        json!(-1),
        json!(-0.5),
        json!(-1e308),
        json!(1e308),
        json!(u64::MAX),
    ] {
        let fields =
            json!({"run_timeout": number, "run_cpu_time": number, "run_memory_limit": number});
        assert_eq!(run_limits("unlimited", fields), at_the_ceiling());
    }
}

#[test]
fn numbers_count_as_they_are() {
    let limits = run_limits(
        "python",
        json!({"run_timeout": 0.5, "run_cpu_time": 3000, "run_memory_limit": 134_217_728}),
    );
    assert_eq!(limits.wall, Duration::from_micros(500));
    assert_eq!(limits.cpu, Duration::from_secs(3));
    assert_eq!(limits.memory, Bytes::mib(128));
    let limits = run_limits(
        "python",
        json!({"run_timeout": 1e-300, "run_memory_limit": 500.5}),
    );
    assert_eq!(limits.wall, Duration::from_micros(1));
    assert_eq!(limits.memory, CEILINGS.memory_floor);
}

#[test]
fn configured_limits_never_pass_the_ceilings() {
    let high = ConfiguredStage {
        wall: Some(Duration::from_secs(600)),
        cpu: Some(Duration::from_secs(600)),
        memory: Some(Bytes::mib(1 << 20)),
    };
    let catalog = only("high", high);
    for timeout in [json!(null), json!(500_000)] {
        let body = json!({"language": "high", "version": "*", "files": [{"content": ""}], "run_timeout": timeout});
        let job = check(
            parse(body.to_string().as_bytes()).unwrap(),
            &catalog,
            &CEILINGS,
        )
        .unwrap();
        assert_eq!(job.run, at_the_ceiling());
        assert_eq!(job.compile, at_the_ceiling());
    }
}

#[test]
fn fractional_configured_limits_are_named_exactly() {
    let odd = ConfiguredStage {
        wall: Some(Duration::from_micros(1_001_500)),
        ..stage(1)
    };
    let catalog = only("odd", odd);
    let body =
        json!({"language": "odd", "version": "*", "files": [{"content": ""}], "run_timeout": 2000});
    let refusal = check(
        parse(body.to_string().as_bytes()).unwrap(),
        &catalog,
        &CEILINGS,
    )
    .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "run_timeout cannot exceed the configured limit of 1001.5"
    );
}

fn any_limit() -> impl Strategy<Value = Value> {
    let listed = vec![
        json!(0),
        json!(-1),
        json!(""),
        json!(false),
        json!(true),
        json!(null),
        json!(1e308),
        json!(-1e308),
        json!("3"),
        json!(0.5),
        json!(-0.5),
        json!(3000),
        json!(3001),
        json!(1e-320),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        prop::sample::select(listed),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(Value::from)
    ]
}

proptest! {
    #[test]
    fn limits_are_finite_and_within_the_ceilings(
        values in prop::array::uniform6(any_limit()),
        language in prop::sample::select(vec!["python", "bounded", "unlimited"]),
    ) {
        let mut body = json!({"language": language});
        for (field, value) in FIELDS.iter().zip(values) {
            body[*field] = value;
        }
        match try_with(body) {
            Err(refusal) => prop_assert!(FIELDS.iter().any(|field| refusal.to_string().contains(field))),
            Ok(job) => for limits in [job.compile, job.run] {
                prop_assert!(limits.wall > Duration::ZERO && limits.wall <= CEILINGS.wall);
                prop_assert!(limits.cpu > Duration::ZERO && limits.cpu <= CEILINGS.cpu);
                prop_assert!(limits.memory >= CEILINGS.memory_floor && limits.memory <= CEILINGS.memory);
            },
        }
    }
}

/// JavaScript reads these as infinite; here they are no numbers, and the body no JSON.
#[test]
fn numbers_beyond_all_doubles_are_refused() {
    for number in ["1e400", "-1e400", "1e309"] {
        let body = format!(r#"{{"language":"python","run_timeout":{number}}}"#);
        assert!(
            crate::job::request::parse(body.as_bytes()).is_err(),
            "{number}"
        );
    }
}
