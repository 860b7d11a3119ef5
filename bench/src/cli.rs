//! The command line.

use crate::schedule::Arrivals;
use clap::{ArgGroup, Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Measures a CodeCapsule node over HTTP.
#[derive(Debug, Parser)]
#[command(name = "capsule-bench", version, about)]
pub(crate) struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Cli {
    /// The format asked for.
    pub(crate) fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }
}

/// What this process is for.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, for the whole life of the process"
)]
pub(crate) enum Command {
    /// Measuring.
    #[command(flatten)]
    Measure(Measurement),
    /// Runs bare commands for `bench`, which starts it.
    #[command(hide = true)]
    Outside(OutsideArgs),
}

/// The measurements.
#[derive(Debug, Subcommand)]
pub(crate) enum Measurement {
    /// One request at a time over one connection: percentiles.
    Latency(LatencyArgs),
    /// A closed loop of several requests in flight: runs per second, errors, percentiles.
    Throughput(ThroughputArgs),
    /// Requests at set times, whatever became of those before: latency by load.
    OpenLoop(OpenLoopArgs),
    /// Two URLs, or the bare command and a URL, in interleaved pairs.
    Compare(CompareArgs),
    /// The project's figures with their goals, on nodes of its own.
    Bench(BenchArgs),
    /// Installing a package, beside `tar xzf` and `sync` of its archive.
    Install(InstallArgs),
}

/// Which program is run.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProgramArgs {
    /// Language as the node names it.
    #[arg(long, default_value = "python")]
    pub(crate) language: String,
    /// Version selector.
    #[arg(long, default_value = "*")]
    pub(crate) version_selector: String,
    /// Program to run instead of the built-in one that prints 42.
    #[arg(long)]
    pub(crate) file: Option<PathBuf>,
    /// Exact stdout of --file; without it, that of its first run.
    #[arg(long, requires = "file")]
    pub(crate) expect: Option<String>,
    /// Append a comment with a running number, so that no two runs have the same source.
    #[arg(long)]
    pub(crate) unique: bool,
    /// Longest wait for one answer, in milliseconds.
    #[arg(long = "timeout", default_value = "60000", value_parser = milliseconds)]
    pub(crate) timeout: Duration,
}

/// `latency`.
#[derive(Args, Debug)]
pub(crate) struct LatencyArgs {
    /// The node, e.g. http://127.0.0.1:2000.
    #[arg(long)]
    pub(crate) url: String,
    /// Which program.
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Measured runs.
    #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,
    /// Runs before the measured ones.
    #[arg(long, default_value_t = 10)]
    pub(crate) warmup: u64,
}

/// `throughput`.
#[derive(Args, Debug)]
pub(crate) struct ThroughputArgs {
    /// The node.
    #[arg(long)]
    pub(crate) url: String,
    /// Which program.
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Requests in flight, each on a connection of its own.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) in_flight: u16,
    /// How long to measure.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
}

/// `open-loop`.
#[derive(Args, Debug)]
pub(crate) struct OpenLoopArgs {
    /// The node.
    #[arg(long)]
    pub(crate) url: String,
    /// Also a node that is not on this machine: a load like this one's is an attack on others.
    #[arg(long)]
    pub(crate) anywhere: bool,
    /// Which program.
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Requests a second.
    #[arg(long, value_parser = positive, conflicts_with = "load")]
    pub(crate) rate: Option<f64>,
    /// Parts of the capacity, which is measured first.
    #[arg(long, value_delimiter = ',', default_value = "0.1,0.3,0.5,0.7,0.9,1.1", value_parser = positive)]
    pub(crate) load: Vec<f64>,
    /// How requests lie to each other.
    #[arg(long, value_enum, default_value = "poisson")]
    pub(crate) arrivals: Arrivals,
    /// How long each rate is offered.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// How long the capacity is measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) capacity_seconds: u64,
    /// Most requests at once; what would start beyond is counted and not sent.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) max_in_flight: u16,
    /// Most requests of one rate.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) max_requests: usize,
    /// Seed of the schedule.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// `compare`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("baseline").required(true).args(["against", "bare"])))]
pub(crate) struct CompareArgs {
    /// B: the node.
    #[arg(long)]
    pub(crate) url: String,
    /// A: another node.
    #[arg(long)]
    pub(crate) against: Option<String>,
    /// A: the same program outside any jail.
    #[arg(long)]
    pub(crate) bare: bool,
    /// How to run it bare, in the folder of its file; steps are joined by && and started without a shell.
    #[arg(long, conflicts_with = "against")]
    pub(crate) bare_command: Option<String>,
    /// Which program.
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// How many pairs.
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
}

/// How many pairs are measured.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct PairArgs {
    /// Measured pairs.
    #[arg(short = 'n', long = "pairs", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
    /// Pairs before the measured ones.
    #[arg(long, default_value_t = 10)]
    pub(crate) warmup: u64,
    /// Seed of the order within the pairs.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// `bench`.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// The program capsule-agent.
    #[arg(long)]
    pub(crate) agent: PathBuf,
    /// The folder with base and packages, as `runtimes/build` makes it.
    #[arg(long)]
    pub(crate) store: PathBuf,
    /// Where figures.json and figures.svg are left.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Single requests only, and few of them; fails where a ratio is far off.
    #[arg(long)]
    pub(crate) short: bool,
}

/// `outside`.
#[derive(Args, Debug)]
pub(crate) struct OutsideArgs {
    /// The store.
    #[arg(long)]
    pub(crate) store: PathBuf,
}

/// `install`.
#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    /// The program capsule-agent.
    #[arg(long)]
    pub(crate) agent: PathBuf,
    /// The package's archive.
    #[arg(long)]
    pub(crate) archive: PathBuf,
    /// The package's name.
    #[arg(long)]
    pub(crate) name: String,
    /// Its version.
    #[arg(long)]
    pub(crate) version: String,
    /// Where there is room, on the kind of disk that is meant.
    #[arg(long, default_value = "/var/tmp")]
    pub(crate) folder: PathBuf,
    /// How many pairs.
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && (0.001..=1_000_000.0).contains(&number) => Ok(number),
        Ok(_) => Err("has to be from 0.001 to 1000000".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("has to be above 0".into()),
        Ok(number) => Ok(Duration::from_millis(number)),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn latency_has_its_defaults() {
        let cli = parse("capsule-bench latency --url http://127.0.0.1:2000").unwrap();
        assert_eq!(cli.format(), Format::Text);
        let Command::Measure(Measurement::Latency(args)) = cli.command else {
            panic!("not latency")
        };
        assert_eq!((args.runs, args.warmup), (100, 10));
        assert_eq!(args.program.language, "python");
        assert_eq!(args.program.timeout, Duration::from_secs(60));
    }

    #[test]
    fn json_is_allowed_after_the_subcommand() {
        let cli = parse("capsule-bench throughput --url http://a --in-flight 3 --seconds 2 --json")
            .unwrap();
        assert_eq!(cli.format(), Format::Json);
        let Command::Measure(Measurement::Throughput(args)) = cli.command else {
            panic!("not throughput")
        };
        assert_eq!((args.in_flight, args.seconds), (3, 2));
    }

    #[test]
    fn an_open_loop_has_loads_or_one_rate() {
        let cli = parse("capsule-bench open-loop --url http://127.0.0.1:1").unwrap();
        let Command::Measure(Measurement::OpenLoop(args)) = cli.command else {
            panic!("not open-loop")
        };
        assert_eq!(args.load, [0.1, 0.3, 0.5, 0.7, 0.9, 1.1]);
        assert!(!args.anywhere && args.rate.is_none());
        assert!(parse("capsule-bench open-loop --url http://a --load 0.5,0.7").is_ok());
        assert!(parse("capsule-bench open-loop --url http://a --rate 5 --load 0.5").is_err());
        for nonsense in ["0", "-1", "nan", "inf"] {
            assert!(
                parse(&format!(
                    "capsule-bench open-loop --url http://a --rate={nonsense}"
                ))
                .is_err()
            );
        }
    }

    #[test]
    fn bench_wants_a_program_a_store_and_a_folder() {
        let line = "capsule-bench bench --agent /a --store /s --out /o";
        let Command::Measure(Measurement::Bench(args)) =
            parse(&format!("{line} --short")).unwrap().command
        else {
            panic!("not bench")
        };
        assert!(args.short && args.store == std::path::Path::new("/s"));
        assert!(parse("capsule-bench bench --agent /a --store /s").is_err());
    }

    #[test]
    fn compare_wants_exactly_one_baseline() {
        assert!(parse("capsule-bench compare --url http://a").is_err());
        assert!(parse("capsule-bench compare --url http://a --bare --against http://b").is_err());
        assert!(
            parse("capsule-bench compare --url http://a --against http://b --bare-command x")
                .is_err()
        );
        assert!(parse("capsule-bench compare --url http://a --against http://b").is_ok());
        assert!(parse("capsule-bench compare --url http://a --bare -n 5").is_ok());
    }

    #[test]
    fn nonsense_numbers_are_refused() {
        assert!(parse("capsule-bench latency --url http://a -n 0").is_err());
        assert!(parse("capsule-bench latency --url http://a --timeout 0").is_err());
        assert!(parse("capsule-bench throughput --url http://a --in-flight 0").is_err());
    }
}
