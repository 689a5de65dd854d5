check: ; go vet ./... && go test -timeout 30m ./...
race: ; scripts/race.sh
fuzz: ; scripts/fuzz.sh 10s
races: ; scripts/races.sh 20
jpegs: ; scripts/jpegs.sh 6000 20000
pictures: ; scripts/made.sh pictures 20000
bombs: ; scripts/bombs.sh
parquets: ; scripts/made.sh parquets 2000
records: ; scripts/made.sh records 2000
zips: ; scripts/made.sh zips 2400
tars: ; scripts/made.sh tars 3000
mutations: ; PREMIX_MUTATIONS=300 go test ./dataset/verify -run TestMutations -count=1 -timeout 3h -v
layouts: ; PREMIX_LAYOUTS=all go test ./cmd/premix -run 'TestLayouts$$' -count=1 -timeout 1h
bench: ; go test -run '^$$' -bench . -benchmem ./imaging/... ./saliency ./io/...
bench-kernels: ; bench/kernels.sh
bench-scale: ; bench/scale.sh large
rewrite: ; go test -timeout 30m ./... -rewrite
generate: ; go generate ./...
lint: ; scripts/lint.sh
dist: ; go run ./internal/dist
