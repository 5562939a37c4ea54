/** Files that are in order, between them with every key in use. */
export const samples: Readonly<Record<string, string>> = {
  smallest: "consumers: {a: {command: [x]}}",
  full: `
shutdown_timeout: 1m30s
total_cap: 20
autoscaler_interval_sec: 500ms
host_brake: false
http_server: {host: "::1", port: 0}
metrics: {messages: {enabled: false, whitelist: 'App\\*', duration_buckets: [5, 1, 5]}}
logs: {format: json, fields: {host: "a$$b$", n: "{slot}"}, max_line: 100, partial_flush: 250ms, on_slow_sink: drop}
control: {socket: /run/pm.sock, mode: 0660}
source: {command: "php entries.php --table 'a b'", mode: push, interval: 1m, timeout: 10s}
cluster: {nodes: [a, b, "3"], self: 3, by: balanced, share: workers}
reload_on_change: true
hooks:
  worker_failed: {command: [notify, "$$$$"], timeout: 5s, limit: {runs: 2, per: 1h}, stderr_lines: 0}
  farm_started: [{webhook: "https://h", headers: {Accept: text/plain}}, {webhook: "http://h:81"}]
consumers:
  "1.5":
    command: "sh -c 'echo $$ $\${x} | cat'"
    transports: [t, u]
    processes: 3
    cwd: ../elsewhere
    env: {A: "1e3", EMPTY: "", NULL: "null", D: "$$$$"}
    env_file: extra.env
    user: www-data
    group: 5
    groups: [www-data, "7"]
    umask: 027
    nice: -5
    rlimits:
      nofile: {soft: 1024, hard: unlimited}
      nproc: 5
      core: 0
      as: 2G
      cpu: 1m30s
      data: 1000
      fsize: unlimited
      memlock: 64K
      stack: 8M
      msgqueue: 1K
      nice: 20
      rtprio: 1
      sigpending: 9
    oom_score_adj: -300
    no_new_privileges: true
    cgroup: {memory_max: 512M, cpu_max: 1.5, pids_max: 100}
    stop_signal: quit
    stop_timeout: 10
    restart: on-failure
    min_uptime: 0
    exit_codes: {success: [3], never_restart: [4, 5]}
    failure_limit: 2
    failure_window: 1h
    backoff_base: 100ms
    backoff_max: 1s
    backoff_jitter: 0
    poll_interval_ms: 50
    on_failure_limit: park
    essential: true
    max_lifetime: 1d
    max_memory: 300MiB
    max_idle: 90
    liveness: {ping_timeout: 10, max_message_time: 5m, no_progress: 1h}
    ready: {log: "^up\\\\.$"}
    logs: {format: raw, fields: {n: "{pid}"}, max_line: 1K}
    hooks: {scaled: {command: a b}, messages_lost: []}
  scaled:
    preset: symfony-messenger
    transports: [a, b]
    consume_args: {memory_limit: 96, time_limit: 90s, limit: 7, sleep: 0.25, queues: [q], extra: [-v]}
    ready: {after: 1.5}
    autoscaler:
      min: 2
      max: 9
      priority: -1
      smoothing_window_sec: 5
      scale_up_cooldown_sec: 0
      scale_down_cooldown_sec: 1m
      scale_up_step: 3
      scale_down_step: 2
      strategy: {type: utilization, target: 0.5, scale_up_threshold: 0.9, scale_down_threshold: 0.1}
  steady: {transports: c, ready: protocol, autoscaler: {min: 1, max: 1, strategy: {type: fixed}}}
  custom: {transports: d, autoscaler: {min: 1, max: 2, strategy: {type: service, id: app.scaler}}}
  waiting:
    command: [x]
    autoscaler:
      min: 0
      max: 8
      strategy:
        type: max
        of:
          - type: queue
            max_wait: 1m
            timeout: 1s
            on_failure: 3
            queues:
              - {redis: "redis://h/1", list: jobs}
              - {redis: "rediss://h", sorted_set: "delayed:$\${x}"}
              - {redis: "redis://h", stream: s, group: g}
              - {sql: "sqlite:///srv/app/x.db", query: "select count(*) from jobs where queue = '$$$$'"}
              - {rabbitmq: "http://h:15672", queue: q, vhost: v}
              - {prometheus: "http://h:9090", query: 'sum(queue_depth{queue="q"})'}
              - {http: "https://h/x?a=1", path: 'a.b[0]["c d"]', headers: {Accept: application/json}}
              - {http: "https://h/number"}
              - {command: "count --all"}
              - {messenger: "redis://h/stream/group"}
              - {messenger: {dsn: "doctrine://default", database: "mysql://h/d"}}
          - {type: queue, per_worker: 2.5, queues: {redis: "redis://h", list: jobs}}
          - {type: schedule, timezone: Europe/Berlin, rules: [{cron: "* 8-17 * * 1-5", min: 4, max: 6}, {cron: "0 0 * * *", max: 0}]}
          - {type: command, command: [size, --of, a], mode: lines, timeout: 2s, on_failure: hold}
          - {type: utilization, target: 0.5}
          - {type: fixed}
      damping:
        tolerance: 0.1
        stabilization: {up: 10s, down: 5m}
        policies: {up: [{workers: 4, period: 15s}, {percent: 100, period: 15}], down: {percent: 12.5, period: 1m}, select: min}
        warm_up: 20s
        panic: {threshold: 1.5, window: 2m}
        paused: true
  warm:
    command: [node, worker.mjs]
    autoscaler: {min: 0, max: 4, strategy: {type: max, of: [{type: queue, max_wait: 2s}, {type: utilization}]}}
    tasks: {protocol: jsonl, mailbox_limit: 7, dispatch: round_robin, timeout: 1m30s, retries: 3, concurrency: 1, prefetch: 5, max_tasks: 1000, max_size: 1M}
  served:
    tasks:
      protocol: fastcgi
      address: "[::1]:9000"
      connections: 3
      script: /app/dispatch.php
      params: {DATA: "{payload.args.0} $$ $\${x}", QUERY_STRING: ""}
      from: {redis: "redis://h/1", list: "queue:default", format: sidekiq}
  cgi:
    command: [php-cgi]
    tasks: {protocol: fastcgi, script: /x.php, max_tasks: 5, from: {redis: "redis://h", stream: jobs, group: g, field: f, format: text, max_attempts: 2, dead_letter: late, reclaim: 5s}}
  concurrent: {command: [x], tasks: {protocol: jsonl, concurrency: 9, from: {redis: "redis://h", stream: "jobs:$$"}}}
  asleep: {command: [x], autoscaler: {min: 0, max: 2, damping: {panic: {}}, strategy: {type: schedule, rules: [{cron: "0 8 * * *", min: 1}]}}}
`,
  "a program alone": "source: {command: [entries]}",
  "a cluster by number": "cluster: {nodes: 3, self: 0}\nconsumers: {a: {command: [x]}}",
  "a cluster of the environment": "cluster: {nodes: '${NODES}', self: '${SELF}'}\nconsumers: {a: {command: [x]}}",
  "a cluster file": "cluster: {file: ../nodes.json, by: modulo}\nconsumers: {a: {command: [x]}}",
  "with the server off": "http_server: false\nlogs: {fields: {}}\nconsumers: {a: {command: [x, ''], env: {}}}",
  bundle:
    "symfony_process_manager: {shutdown_timeout: 0, consumers: {a: {transports: [x, y], processes: 2, cwd: '%kernel.project_dir%/sub'}}}",
  "with merges": "consumers:\n  a: &a {command: [x], backoff_max: 10}\n  b: {<<: *a, processes: 4}",
  "from the environment":
    "consumers: {a: {command: [x, '${WORD}', '${NONE:-$$}'], processes: '${COUNT}', stop_timeout: '${WAIT}'}}",
};

/** What the samples need around them. */
export const around = {
  env: { WORD: "$$ ${x} %y%", COUNT: "2", WAIT: "3s", NODES: "a, b,c", SELF: "b" },
  files: {
    "/srv/app/extra.env": "FROM_FILE='$$ x'\n",
    "/srv/nodes.json": '{"nodes": ["a", "b"], "self": "b"}',
    "/etc/passwd": "www-data:x:33:34:::\n",
    "/etc/group": "www-data:x:34:\n",
  },
};
