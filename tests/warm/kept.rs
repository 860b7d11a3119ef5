//! What a job is told of itself counts from its program's first instruction, and what is asked of a node is asked of both ways.

use crate::waiting::{cold_node, prepare, run, run_warm, warm_node};
use capsule_tests::wait;
use serde_json::{Value, json};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// For each language a program that says how long its process has been there in seconds, is busy for 300 ms, and sleeps for 200.
const BUSY: [(&str, &str, &str); 3] = [
    (
        "python",
        "main.py",
        "import os, time\nstarted = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19]) / os.sysconf('SC_CLK_TCK')\n\
         print(time.clock_gettime(time.CLOCK_BOOTTIME) - started)\nbegin = time.process_time()\n\
         while time.process_time() - begin < 0.3: pass\ntime.sleep(0.2)",
    ),
    (
        "javascript",
        "main.js",
        "console.log(process.uptime()); const begin = process.cpuUsage(); const busy = () => { const used = process.cpuUsage(begin); return used.user + used.system; };\n\
         while (busy() < 300_000); setTimeout(() => {}, 200)",
    ),
    (
        "java",
        "Main.java",
        "public class Main { public static void main(String[] args) throws Exception {\n\
         System.out.println((System.currentTimeMillis() - ProcessHandle.current().info().startInstant().get().toEpochMilli()) / 1e3);\n\
         var bean = java.lang.management.ManagementFactory.getThreadMXBean(); long begin = bean.getCurrentThreadCpuTime();\n\
         while (bean.getCurrentThreadCpuTime() - begin < 300_000_000L); Thread.sleep(200); } }",
    ),
];

fn job((language, name, code): (&str, &str, &str)) -> Value {
    json!({"language": language, "version": "*", "files": [{"name": name, "content": code}]})
}

fn number(answer: &Value, key: &str) -> u64 {
    let number = answer["run"][key].as_u64();
    number.unwrap_or_else(|| panic!("{key} is no number: {answer}"))
}

fn age(answer: &Value) -> f64 {
    let text = answer["run"]["stdout"]
        .as_str()
        .and_then(|text| text.trim().parse().ok());
    text.unwrap_or_else(|| panic!("it says no number: {answer}"))
}

/// This is also the proof that what these tests call warm is: the process is older than its job.
#[test]
fn time_and_memory_count_from_the_job_on() {
    let node = cold_node();
    let cold = BUSY.map(|program| run(&node, &job(program)));
    drop(node);
    let node = warm_node();
    for (program, cold) in BUSY.into_iter().zip(cold) {
        let body = job(program);
        prepare(&node, &body);
        std::thread::sleep(Duration::from_secs(2));
        let (_, warm) = run_warm(&node, &body);
        let slack = 150 * u64::from(wait::slowness());
        let (wall, cpu) = (number(&warm, "wall_time"), number(&warm, "cpu_time"));
        assert!(
            age(&warm) > age(&cold) && age(&warm) > wall as f64 / 1e3,
            "{warm} {cold}"
        );
        assert!(
            (500..number(&cold, "wall_time") + slack).contains(&wall),
            "{warm} {cold}"
        );
        assert!(
            (300..number(&cold, "cpu_time") + slack).contains(&cpu),
            "{warm} {cold}"
        );
        // Pages that several processes use count for the first of them.
        let (have, want) = (number(&warm, "memory"), number(&cold, "memory"));
        let allowed = want / 4 + 16 * MIB;
        assert!(have.abs_diff(want) <= allowed, "{have} {want} {program:?}");
    }
}

/// Requests at the edge of what a node takes have the same answer from both.
#[test]
fn odd_requests_are_answered_alike() {
    let echo = [
        (
            "python",
            "main.py",
            "import sys; print(len(sys.argv), sum(map(len, sys.argv)), sys.argv[-1])",
        ),
        (
            "javascript",
            "main.js",
            "const all = process.argv.slice(1); console.log(all.length, all.join('').length, all.at(-1))",
        ),
        (
            "java",
            "Main.java",
            "public class Main { public static void main(String[] args) { System.out.println(args.length + \" \" + String.join(\"\", args).length()); } }",
        ),
    ];
    let odd = [
        json!(["a\0b", "c"]),
        json!(["\0"]),
        json!(["", "", ""]),
        json!(["\n", "\r\n", "\u{85}", "é", "🦀", "\u{feff}"]),
        json!(["x".repeat(100_000)]),
        json!(
            (0..3000)
                .map(|number| number.to_string())
                .collect::<Vec<_>>()
        ),
        json!(["x".repeat(140_000)]),
    ];
    let bodies = || {
        echo.into_iter().flat_map(|program| {
            odd.iter().map(move |args| {
                let mut body = job(program);
                body["args"] = args.clone();
                body
            })
        })
    };
    let told = |(status, mut answer): (u16, Value)| {
        if let Some(run) = answer["run"].as_object_mut() {
            run.retain(|key, _| !["cpu_time", "wall_time", "memory"].contains(&key.as_str()));
        }
        (status, answer)
    };
    let node = cold_node();
    let cold: Vec<_> = bodies().map(|body| told(node.execute(&body))).collect();
    drop(node);
    let node = warm_node();
    let mut wrong = Vec::new();
    for (body, cold) in bodies().zip(cold) {
        let warm = match cold.0 {
            // What ends before its first line, or has words of its own, is not worth waiting for.
            200 if cold.1["run"]["code"] == 0 && body["language"] != "python" => {
                (200, run_warm(&node, &body).1)
            }
            _ => node.execute(&body),
        };
        let warm = told(warm);
        if warm != cold {
            let args: String = body["args"].to_string().chars().take(60).collect();
            let short =
                |answer: &(u16, Value)| format!("{answer:?}").chars().take(400).collect::<String>();
            wrong.push(format!(
                "{} {args}: {} instead of {}",
                body["language"],
                short(&warm),
                short(&cold)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
