use std::time::Instant;
use switchback_guest::{Message, Scorer};
use switchback_plugin_onnx::{graph::*, *};
use switchback_plugin_onnx_hot::*;
fn t(name: &str, mut f: impl FnMut()) {
    for _ in 0..200 {
        f();
    }
    let mut v = vec![];
    for _ in 0..2000 {
        let s = Instant::now();
        f();
        v.push(s.elapsed().as_nanos());
    }
    v.sort();
    println!("{name}: p50 {:.2} us", v[1000] as f64 / 1e3);
}
fn main() {
    let data = std::fs::read("/work/main/plugins/onnx/graph.bin").unwrap();
    let g = Graph::from_bytes(&data).unwrap();
    for n in &g.nodes {
        println!(
            "{:?} {:?}",
            match &n.operator {
                Operator::Constant(t) => format!("const {:?}", t.shape()),
                o => format!("{o:?}"),
            },
            n.inputs
        );
    }
    let mut net = Network::new(&g).unwrap();
   
    let mut seed = 1u64;
    let mut word = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
        let w = (seed >> 40) % 3000;
        let mut s = String::new();
        let mut x = w;
        loop {
            s.push((b'a' + (x % 26) as u8) as char);
            x /= 26;
            if x == 0 {
                break;
            }
        }
        s += "e";
        s
    };
    let text: String = (0..700).map(|_| word() + " ").collect();
    let m = Message::builder()
        .subject("some words of the subject")
        .from("Ann Example", "ann@example.org")
        .link("https://example.org/a/b", "here")
        .text(&text)
        .build();
    let mut f = Features::new();
    println!("text {} indices {}", text.len(), f.indices(&m).len());
    let idx = f.indices(&m).to_vec();
    t("features", || {
        std::hint::black_box(f.indices(&m));
    });
    t("network", || {
        std::hint::black_box(net.log_odds(&idx).unwrap());
    });
    t("network of 1", || {
        std::hint::black_box(net.log_odds(&idx[..1]).unwrap());
    });
    let mut o = Onnx::prepare(&data).unwrap();
    t("score", || {
        std::hint::black_box(o.score(&m).unwrap());
    });
}
