//! Names, encodings, and which file is the program.

use super::*;

fn files(files: Value) -> Result<Job, Refusal> {
    try_with(json!({"files": files}))
}

fn refusal(list: Value) -> String {
    files(list).unwrap_err().to_string()
}

#[test]
fn names_default_to_the_position() {
    for unnamed in [json!(null), json!(""), json!(0), json!(false)] {
        let job = files(json!([{"content": "a"}, {"name": unnamed, "content": "b"}])).unwrap();
        let names: Vec<_> = job.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["file0.code", "file1.code"]);
    }
    for name in [json!(5), json!(true), json!([]), json!({})] {
        assert_eq!(
            refusal(json!([{"name": name, "content": ""}])),
            "files[0].name must be a string"
        );
    }
}

#[test]
fn entries_without_content_are_named_by_place() {
    for entry in [
        json!(null),
        json!(5),
        json!("x"),
        json!([]),
        json!({}),
        json!({"content": null}),
        json!({"content": 5}),
    ] {
        let expected = "files[1].content is required as a string";
        assert_eq!(refusal(json!([{"content": ""}, entry])), expected);
    }
    assert_eq!(
        refusal(json!([])),
        "files must include at least one utf8 encoded file"
    );
}

#[test]
fn the_first_utf8_file_is_the_program() {
    let job = files(json!([
        {"name": "d.bin", "content": "0001ff", "encoding": "hex"},
        {"name": "e.bin", "content": "YQ", "encoding": "base64"},
        {"name": "main.py", "content": "print()", "encoding": "utf8"},
        {"name": "b.py", "content": "", "encoding": null},
    ]))
    .unwrap();
    assert_eq!(job.main, 2);
    assert_eq!(job.files[0].content, [0, 1, 0xff]);
    assert_eq!(job.files[1].content, b"a");
    let sources: Vec<_> = job.files.iter().map(|file| file.is_source).collect();
    assert_eq!(sources, [false, false, true, true]);
}

#[test]
fn an_unknown_encoding_is_text_but_no_program_by_itself() {
    for encoding in [
        json!("utf-8"),
        json!("UTF8"),
        json!("latin1"),
        json!(5),
        json!([]),
    ] {
        let alone = json!([{"content": "YQ", "encoding": encoding}]);
        assert_eq!(
            refusal(alone),
            "files must include at least one utf8 encoded file"
        );
        let job =
            files(json!([{"content": "YQ", "encoding": encoding}, {"content": "b"}])).unwrap();
        assert_eq!(job.files[0].content, b"YQ");
        assert_eq!(job.main, 0);
    }
}

#[test]
fn the_language_file_takes_any_file() {
    let body = |files: Value| json!({"language": "file", "version": "*", "files": files});
    let job = try_with(body(json!([{"content": "00", "encoding": "hex"}]))).unwrap();
    assert!(job.files[0].is_source);
    assert_eq!(job.files[0].content, [0]);
    assert_eq!(
        message(body(json!([]))),
        "files must include at least one utf8 encoded file"
    );
}

#[test]
fn the_last_of_two_files_of_one_name_wins() {
    let job = files(json!([
        {"name": "a", "content": "first"},
        {"name": "b", "content": "b"},
        {"name": "a", "content": "00", "encoding": "hex"},
    ]))
    .unwrap();
    assert_eq!(job.files.len(), 2);
    assert_eq!(job.files[0].content, [0]);
    assert_eq!(job.main, 0);
}

#[test]
fn a_file_is_no_folder() {
    let clash = json!([{"name": "a/b/c", "content": ""}, {"name": "a/b", "content": ""}]);
    assert_eq!(
        refusal(clash),
        "files[1].name is also the folder of another file"
    );
    assert!(files(json!([{"name": "a/b", "content": ""}, {"name": "ab", "content": ""}, {"name": "a/c", "content": ""}])).is_ok());
    assert_eq!(
        refusal(json!([{"content": ""}, {"name": "file0.code/x", "content": ""}])),
        "files[0].name is also the folder of another file"
    );
}

#[test]
fn files_and_folders_are_counted() {
    let many = |n: usize, name: fn(usize) -> String| {
        let list: Vec<_> = (0..n)
            .map(|i| json!({"name": name(i), "content": ""}))
            .collect();
        files(Value::Array(list))
    };
    assert!(many(1000, |i| format!("f{i}")).is_ok());
    let refusal = many(1001, |i| format!("f{i}")).unwrap_err().to_string();
    assert_eq!(refusal, "files cannot have more than 1000 entries");
    let refusal = many(600, |i| format!("{i}/x/y")).unwrap_err().to_string();
    assert_eq!(
        refusal,
        "the names in files cannot make more than 1000 folders"
    );
}

/// Any text that clients may send, most of it made of what paths are made of.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        r"([./a\x00ü\\]|\.\.|//|a{120}){1,40}",
        any::<String>(),
        prop::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// Where a name leads, as the kernel goes along it from the folder of the submission; `None`: out of it, if only on the way.
fn resolve(name: &str) -> Option<Vec<&str>> {
    let mut folder = Vec::new();
    if name.starts_with('/') {
        return None;
    }
    for part in name.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(folder.pop()?),
            part => folder.push(part),
        }
    }
    Some(folder)
}

proptest! {
    #[test]
    fn names_lead_where_they_say_and_never_out(name in any_name()) {
        let Ok(job) = files(json!([{"name": name, "content": ""}])) else {
            return Ok(());
        };
        let taken = job.files[0].name.as_str();
        prop_assert!(!taken.contains('\0') && taken.len() <= 1024);
        if name.is_empty() {
            prop_assert_eq!(taken, "file0.code");
        } else {
            let parts: Vec<_> = taken.split('/').collect();
            prop_assert!(parts.iter().all(|part| part.len() <= 255));
            prop_assert_eq!(resolve(&name), Some(parts), "{:?}", name);
        }
        let path = std::path::Path::new(taken);
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        prop_assert!(path.components().all(plain), "{name:?}");
    }
}
