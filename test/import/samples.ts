import { join } from "node:path";

/** Where the samples lie. */
export const sampleFolder = join(import.meta.dir, "samples");

interface Sample {
  readonly file: string;
  /** What its `${…}` need. */
  readonly env: Readonly<Record<string, string>>;
  /** The commands of its consumers, and how many run. */
  readonly consumers: Readonly<Record<string, readonly [processes: number, ...argv: readonly string[]]>>;
}

const sh = (line: string): readonly ["sh", "-c", string] => ["sh", "-c", line];

/** Files in the shape people have them, and what becomes of them. */
export const samples: readonly Sample[] = [
  {
    file: "laravel-worker.conf",
    env: {},
    consumers: {
      "laravel-worker": [
        8,
        "php",
        "/home/forge/app.com/artisan",
        "queue:work",
        "sqs",
        "--sleep=3",
        "--tries=3",
        "--max-time=3600",
      ],
    },
  },
  {
    file: "laravel-horizon.conf",
    env: {},
    consumers: { horizon: [1, "php", "/home/forge/example.com/artisan", "horizon"] },
  },
  {
    file: "messenger-worker.conf",
    env: {},
    consumers: {
      "messenger-consume": [
        2,
        ...sh(
          'exec env MESSENGER_CONSUMER_NAME=messenger-consume_"$(printf %02d $PM_WORKER_SLOT)" php /srv/shop/bin/console messenger:consume async --time-limit=3600',
        ),
      ],
    },
  },
  {
    file: "celery.conf",
    env: {},
    consumers: {
      celery: [
        3,
        ...sh(
          'exec /srv/site/venv/bin/celery --app=proj worker --loglevel=INFO -n worker"$((PM_WORKER_SLOT + 1))"@%h --queues=default,mail',
        ),
      ],
      celerybeat: [
        1,
        "/srv/site/venv/bin/celery",
        "--app=proj",
        "beat",
        "--schedule",
        "/var/lib/celery/beat.db",
        "--loglevel=INFO",
      ],
    },
  },
  {
    file: "gunicorn.conf",
    env: { WEB_CONCURRENCY: "3" },
    consumers: {
      gunicorn: [
        1,
        "/srv/site/venv/bin/gunicorn",
        "proj.wsgi:application",
        "--bind",
        "unix:/run/site.sock",
        "--workers",
        "3",
        "--access-logfile",
        "-",
      ],
    },
  },
  {
    file: "supervisor/supervisord.conf",
    env: {},
    consumers: {
      scheduler: [1, "/bin/sh", "-c", "while true; do php artisan schedule:run; sleep 60; done"],
      mail: [1, ...sh('exec node mail.js --host "$(uname -n)"')],
    },
  },
  {
    file: "Procfile.rails",
    env: {},
    consumers: {
      web: [1, ...sh("exec bundle exec puma -t 5:5 -p ${PORT:-3000} -e ${RACK_ENV:-development}")],
      worker: [1, "bundle", "exec", "sidekiq", "-C", "config/sidekiq.yml"],
      clock: [1, "bundle", "exec", "clockwork", "config/clock.rb"],
    },
  },
  {
    file: "Procfile.django",
    env: {},
    consumers: {
      web: [1, "gunicorn", "mysite.wsgi", "--log-file", "-"],
      worker: [1, "celery", "-A", "mysite", "worker", "-l", "INFO", "--concurrency=4"],
      beat: [1, "celery", "-A", "mysite", "beat", "-l", "INFO"],
    },
  },
  {
    file: "Procfile.node",
    env: {},
    consumers: {
      web: [1, ...sh("npm run build && exec node server.js")],
      mail: [1, ...sh("node mail.js | pino-pretty")],
      urgent: [1, ...sh("exec env QUEUE=$URGENT_QUEUE node worker.js 'a b' >> log/urgent.log 2>&1")],
      watch: [1, ...sh("cd frontend && exec yarn watch")],
    },
  },
  {
    file: "cluster.config.js",
    env: { DATABASE_URL: "postgres://localhost/shop" },
    consumers: {
      "api-server": [4, "node", "--max-old-space-size=512", "--enable-source-maps", "./dist/server.js"],
      "queue-worker": [3, "node", join(sampleFolder, "dist", "worker.js"), "default", "mail", "--name", "night shift"],
    },
  },
  {
    file: "ecosystem.json",
    env: {},
    consumers: {
      crawler: [1, "python3", "crawler.py", "--depth", "3"],
      resize: [1, "bun", "resize.ts"],
      backup: [1, "bash", "./backup.sh"],
    },
  },
  {
    file: "apps.config.cjs",
    env: { MAIL_WORKERS: "6" },
    consumers: { mail: [6, "./bin/mail"], images: [1, "npm", "run", "images"] },
  },
  {
    file: "process.yml",
    env: {},
    consumers: { "my-api": [4, "node", "./app.js"], "my-worker": [1, "node", "./worker.js"] },
  },
  {
    file: "sidekiq.conf",
    env: {},
    consumers: {
      sidekiq: [2, "/usr/local/bin/bundle", "exec", "sidekiq", "-e", "production", "-C", "config/sidekiq.yml"],
      clockwork: [1, "/usr/local/bin/bundle", "exec", "clockwork", "clock.rb"],
    },
  },
  {
    file: "Procfile.laravel",
    env: {},
    consumers: {
      web: [1, "vendor/bin/heroku-php-apache2", "public/"],
      worker: [1, "php", "artisan", "queue:work", "redis", "--sleep=3", "--tries=3", "--max-time=3600"],
      scheduler: [1, "php", "artisan", "schedule:work"],
    },
  },
  {
    file: "bull.json",
    env: {},
    consumers: {
      "mail-queue": [2, "node", "dist/queues/mail.js"],
      "report-queue": [1, "node", "dist/queues/report.js", "--concurrency", "4"],
    },
  },
  {
    file: "messenger-worker@.service",
    env: {},
    consumers: {
      "messenger-worker": [
        1,
        ...sh(
          "exec env MESSENGER_CONSUMER_NAME=symfony-messenger-worker@$PM_WORKER_SLOT.service-$PM_WORKER_SLOT php /srv/shop/bin/console messenger:consume async --time-limit=3600",
        ),
      ],
    },
  },
  {
    file: "sidekiq.service",
    env: {},
    consumers: {
      sidekiq: [1, ...sh('exec /usr/local/bin/bundle exec sidekiq -e production -c "$CONCURRENCY" $SIDEKIQ_OPTIONS')],
    },
  },
  {
    file: "hardened.service",
    env: {},
    consumers: {
      hardened: [1, ...sh("exec /usr/bin/python3 -m images.worker --state /var/lib/images --host $(uname -n)")],
    },
  },
  {
    file: "app/config/packages/symfony_process_manager.yaml",
    env: { PM_PORT: "9100" },
    consumers: {
      async: [
        3,
        "php",
        "bin/console",
        "messenger:consume",
        "priority",
        "async",
        "--memory-limit=128M",
        "--time-limit=3600",
        "--no-reset",
        "100%",
      ],
      "failed-mail": [1, "php", "bin/console", "messenger:consume", "failed"],
    },
  },
];
