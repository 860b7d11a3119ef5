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

/// What a client may write as a limit: numbers as text, since JSON has more of them than any type here.
fn any_limit() -> impl Strategy<Value = String> {
    let listed = [
        "0",
        "-0",
        "-0.0",
        "-1",
        "0.5",
        "-0.5",
        "1",
        "3000",
        "3001",
        "1e308",
        "-1e308",
        "1e-308",
        "1e-320",
        "9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "\"\"",
        "\"3\"",
        "\" 3\"",
        "\"NaN\"",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "[3]",
        "{\"a\":3}",
    ];
    prop_oneof![
        prop::sample::select(listed.to_vec()).prop_map(str::to_owned),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?",
        any::<String>().prop_map(|text| json!(text).to_string()),
    ]
}

/// What Piston says of one value, and ours where it has none: the text of a refusal or of what the value means.
fn expected(field: &str, value: &Value, configured: Option<f64>) -> Result<Option<f64>, String> {
    let number = match value {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::Number(number) => number.as_f64().unwrap(),
        _ => return Err(format!("If specified, {field} must be a number")),
    };
    match configured {
        _ if number == 0.0 => Ok(None),
        Some(limit) if number > limit => Err(format!(
            "{field} cannot exceed the configured limit of {limit}"
        )),
        Some(_) if number < 0.0 => Err(format!("{field} must be non-negative")),
        _ => Ok(Some(number)),
    }
}

proptest! {
    #[test]
    fn limits_are_finite_and_within_the_ceilings(
        values in prop::array::uniform6(any_limit()),
        language in prop::sample::select(vec!["python", "bounded", "unlimited"]),
    ) {
        let fields = FIELDS.iter().zip(&values);
        let fields: String = fields.map(|(field, value)| format!(r#","{field}":{value}"#)).collect();
        let body = format!(r#"{{"language":"{language}","version":"*","files":[{{"content":""}}]{fields}}}"#);
        match try_job(body.as_bytes()) {
            Err(refusal) => prop_assert!(FIELDS.iter().any(|field| refusal.to_string().contains(field)), "{refusal}"),
            Ok(job) => for limits in [job.compile, job.run] {
                prop_assert!(limits.wall > Duration::ZERO && limits.wall <= CEILINGS.wall);
                prop_assert!(limits.cpu > Duration::ZERO && limits.cpu <= CEILINGS.cpu);
                prop_assert!(limits.memory >= CEILINGS.memory_floor && limits.memory <= CEILINGS.memory);
            },
        }
    }

    /// In every field: refused in Piston's words, or at most what was asked for.
    #[test]
    fn each_field_is_judged_as_by_piston(
        (field, place) in prop::sample::select(FIELDS.iter().zip(0..).collect::<Vec<_>>()),
        value in any_limit(),
        language in prop::sample::select(vec!["python", "bounded", "unlimited"]),
    ) {
        let value: Value = serde_json::from_str(&value).unwrap();
        let configured = match (place, language) {
            (_, "unlimited") | (0 | 1, "python") => None,
            (0 | 1, _) => Some(256_000_000.0),
            (2 | 4, _) => Some(10_000.0),
            _ => Some(3_000.0),
        };
        let mut fields = json!({"language": language});
        fields[field] = value.clone();
        match (try_with(fields), expected(field, &value, configured)) {
            (Err(refusal), Err(expected)) => prop_assert_eq!(refusal.to_string(), expected),
            (Ok(job), Ok(asked)) => {
                let stage = [job.compile, job.run][place % 2];
                let (got, ceiling, least) = match place {
                    0 | 1 => (stage.memory.get() as f64, CEILINGS.memory.get() as f64, CEILINGS.memory_floor.get() as f64),
                    2 | 3 => (stage.wall.as_secs_f64() * 1e3, CEILINGS.wall.as_secs_f64() * 1e3, 1e-3),
                    _ => (stage.cpu.as_secs_f64() * 1e3, CEILINGS.cpu.as_secs_f64() * 1e3, 1e-3),
                };
                // Below zero, where nothing is configured, is as much as there is.
                let most = asked.filter(|asked| *asked > 0.0).or(configured).unwrap_or(ceiling);
                let most = if asked.is_some_and(|asked| asked < 0.0) { ceiling } else { most };
                // Times are kept to the nearest nanosecond.
                prop_assert!(got <= most.clamp(least, ceiling) * (1.0 + 1e-9) + 1e-6, "{got} for {value}");
            }
            (got, expected) => prop_assert!(false, "{value}: {got:?} instead of {expected:?}"),
        }
    }
}

/// JavaScript reads these as infinite; here they are no numbers, and the body no JSON.
#[test]
fn numbers_beyond_all_doubles_are_refused() {
    for number in ["1e400", "-1e400", "1e309", "NaN", "Infinity", "-NaN"] {
        let body = format!(r#"{{"language":"python","run_timeout":{number}}}"#);
        assert!(
            crate::job::request::parse(body.as_bytes()).is_err(),
            "{number}"
        );
    }
}
