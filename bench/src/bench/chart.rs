//! The chart: how far each figure is from its goal, as bars that end left of one line where the goal is reached.

use super::BenchFigures;
use super::row::{Row, Verdict};
use super::table::{number, word};

/// Lengths in pixels.
const LINE: f64 = 26.0;
const LEFT: f64 = 330.0;
const GOAL: f64 = 200.0;
const WIDTH: f64 = 1060.0;
const TOP: f64 = 56.0;
/// A bar is at most so many times as long as the goal, so that others can be seen beside it.
const LONGEST: f64 = 2.5;

/// One SVG picture.
pub(super) fn svg(figures: &BenchFigures) -> String {
    let height = TOP + LINE * figures.rows.len() as f64 + 30.0;
    let goal = LEFT + GOAL;
    let mut parts = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">"#
        ),
        r#"<rect width="100%" height="100%" fill="white"/>"#.to_owned(),
        label(12.0, 24.0, "Figures by their goals: shorter is better"),
        label(goal - 14.0, TOP - 8.0, "goal"),
    ];
    let bars = figures.rows.iter().zip(0_u16..);
    parts.extend(bars.map(|(row, at)| bar(row, TOP + LINE * f64::from(at))));
    let end = height - 26.0;
    parts.push(format!(
        r#"<line x1="{goal}" y1="{TOP}" x2="{goal}" y2="{end}" stroke="black" stroke-dasharray="4 3"/>"#
    ));
    let below = match figures.noise.is_empty() {
        true => format!("{} cores of {}", figures.machine.cores, figures.machine.cpu),
        false => format!(
            "{} cores of {}, which was noisy",
            figures.machine.cores, figures.machine.cpu
        ),
    };
    parts.push(label(12.0, height - 10.0, &below));
    parts.push("</svg>\n".to_owned());
    parts.join("\n")
}

fn bar(row: &Row, y: f64) -> String {
    let text = y + 16.0;
    let name = label(12.0, text, row.goal.name);
    let Some(measured) = row.figures() else {
        return format!("{name}\n{}", label(LEFT + 6.0, text, word(row.verdict)));
    };
    let length = GOAL * row.goal.times_worse(measured.figure).clamp(0.0, LONGEST);
    let colour = match row.verdict {
        Verdict::Stretch => "#1a7f37",
        Verdict::Ok => "#4ac26b",
        Verdict::Missed | Verdict::NotMeasured => "#d1242f",
    };
    let said = format!(
        "{} (goal {}), {}",
        number(row.goal.unit, measured.figure),
        number(row.goal.unit, row.goal.value),
        word(row.verdict)
    );
    let top = y + 4.0;
    let beside = LEFT + length.max(GOAL) + 8.0;
    format!(
        "{name}\n<rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" height=\"17\" fill=\"{colour}\"/>\n{}",
        label(beside, text, &said)
    )
}

fn label(x: f64, y: f64, text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(r#"<text x="{x:.1}" y="{y:.1}">{text}</text>"#)
}

#[cfg(test)]
mod tests {
    use super::super::goals;
    use super::super::machine::Machine;
    use super::super::row::Measured;
    use super::*;

    #[test]
    fn the_picture_is_xml_with_a_bar_for_each_figure() {
        let measured = |figure| Measured {
            figure,
            ..Measured::default()
        };
        let figures = BenchFigures {
            machine: Machine {
                cpu: "<R&D> \"x\"".to_owned(),
                cores: 2,
                kernel: String::new(),
                busy_before: 0.0,
                stolen: 0.0,
            },
            short: false,
            rows: vec![
                Row::measured(&goals::PYTHON, measured(0.5)),
                Row::measured(&goals::PYTHON_LOAD, measured(0.0)),
                Row::not_measured(&goals::JAVA, "no such runtime"),
            ],
            noise: Vec::new(),
        };
        let text = svg(&figures);
        let document = roxmltree::Document::parse(&text).unwrap();
        let lengths: Vec<f64> = document
            .descendants()
            .filter(|node| node.has_tag_name("rect") && node.has_attribute("x"))
            .map(|node| node.attribute("width").unwrap().parse().unwrap())
            .collect();
        // Twice the goal, and no more than there is room for.
        assert_eq!(lengths, [2.0 * GOAL, LONGEST * GOAL]);
        let texts: Vec<_> = document
            .descendants()
            .filter_map(|node| node.text())
            .collect();
        assert!(texts.contains(&"2 cores of <R&D> \"x\""), "{texts:?}");
    }
}
